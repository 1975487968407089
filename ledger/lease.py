"""One owner per run: how a process becomes it, shows that it is, and is kept from writing once it no longer is."""

from __future__ import annotations

import fcntl
import math
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from blueprints.errors import MissionError
from ledger.files import write_file
from ledger.owner import Owner, read_owner

HEARTBEAT = 5.0
"""Seconds between an owner's signs of life."""
BOUND = 60.0
"""Seconds without one after which an owner on another machine counts as dead."""


class FencedError(MissionError):
    """The run belongs to somebody else by now: nothing more may be written for it."""


@dataclass(frozen=True)
class Lease:
    """A run that is this process's own."""

    path: Path
    """The file that says so."""
    owner: Owner
    former: Owner | None
    """Who died as its owner."""
    _over: threading.Event = field(default_factory=threading.Event)
    _losses: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def check(self) -> None:
        """Raises FencedError once somebody else took the run over."""
        holder, run = read_owner(self.path), self.path.parent.name
        if holder is None:
            raise FencedError(f"{run} is nobody's: {self.path} is gone; this process writes nothing more", exit_code=1)
        if holder.token != self.owner.token:
            raise FencedError(f"{run} was taken over by {holder}; this process writes nothing more", exit_code=1)

    def when_lost(self, do: Callable[[], None]) -> None:
        """Call `do`, on a thread of its own, when it is seen that somebody else took the run over."""
        self._losses.append(do)

    @contextmanager
    def kept(self) -> Generator[None]:
        """Give signs of life while the block lasts; afterwards the run is free."""
        heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._over.set()
            heart.join()
            with suppress(FencedError, OSError):
                self.check()
                self.path.unlink()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            try:
                self.check()
                os.utime(self.path)
            except FencedError:
                for do in self._losses:
                    do()
                return
            except OSError:  # a disk that is read-only now, or does not answer: the next append will tell
                continue


@contextmanager
def owned(folder: Path) -> Generator[Lease]:
    """Be the one owner of the run in `folder`. Raises MissionError, which says who is, when somebody else may be."""
    with (folder / "lock").open("a") as lock:
        path, me = folder / "owner.json", Owner.here()
        held = _locked(lock, fcntl.LOCK_EX)
        former = read_owner(path)
        if held is False:
            raise _owned_by(former, folder.name)
        if former and (wait := _still_trusted(former, me, folder, locking=held is not None)):
            raise _owned_by(former, folder.name, wait)
        write_file(path, me.model_dump_json())
        lease = Lease(path, me, former)
        lease.check()  # where files cannot be locked, two may have come so far: the later one is the owner
        with lease.kept():
            yield lease


def is_owned(folder: Path) -> bool:
    """Whether a process owns the run in `folder` now, as far as can be seen from here."""
    try:
        with (folder / "lock").open() as lock:
            held = _locked(lock, fcntl.LOCK_SH, tries=1)
    except FileNotFoundError:
        return False
    if held is False:
        return True
    former = read_owner(folder / "owner.json")
    return former is not None and _still_trusted(former, Owner.here(), folder, locking=held is not None) > 0


def _locked(stream: IO[str], how: int, *, tries: int = 10) -> bool | None:
    """Take the lock, in several tries: who only asks holds it for an instant. None: files cannot be locked here."""
    for _ in range(tries):
        try:
            fcntl.flock(stream, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:
            return None
        else:
            return True
    return False


def _still_trusted(former: Owner, me: Owner, folder: Path, *, locking: bool) -> float:
    """Seconds for which somebody who holds no lock here may yet be at work; 0 when he is certainly dead."""
    if former.shares_kernel_with(me) and locking:
        return 0.0  # the kernel ends a lock with its process, and only so
    if former.shares_kernel_with(me) and former.host == me.host and former.born is not None:
        return math.inf if former.lives else 0.0
    if former.shares_machine_with(me) and former.boot != me.boot:
        return 0.0
    return min(BOUND, max(0.0, BOUND - _age(folder)))


def _age(folder: Path) -> float:
    """Seconds since the last sign of life, by the clock of the file system, which both machines see."""
    clock = folder / "lock"
    try:
        os.utime(clock)
        now = clock.stat().st_mtime
    except OSError:  # nothing may be written here
        now = time.time()
    try:
        return now - (folder / "owner.json").stat().st_mtime
    except FileNotFoundError:  # released just now
        return math.inf


def _owned_by(owner: Owner | None, run: str, wait: float = math.inf) -> MissionError:
    who = str(owner) if owner else "another process"
    if wait < math.inf:
        who += f", last seen {BOUND - wait:.0f} s ago: unless it is seen again, the run can be taken in {wait:.0f} s"
    return MissionError(f"{run} is being worked on by {who}; see `mission status {run}`", exit_code=1)
