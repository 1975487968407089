"""What all agents that share a credential know of its limits: a small file, for processes and later lives alike."""

from __future__ import annotations

import fcntl
import json
import random
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from ledger.conversation import FaultKind
from ledger.files import write_file

_FIRST, _LONGEST = 1.0, 60.0
"""Seconds to wait when the provider does not tell: at first, and at most."""
_UNTOLD = 900.0  # how long a credit counts as used up when nobody says until when
_REFUSED = 365 * 86400.0  # until somebody says that it is in order
_SPREAD, _LEAST_SPREAD, _MOST_SPREAD = 0.25, 0.5, 10.0


@dataclass(frozen=True)
class Hold:
    """Why nobody should call now."""

    until: float = 0.0
    """Epoch seconds."""
    kind: FaultKind = FaultKind.THROTTLED
    reason: str = ""
    pause: float = 0.0
    """How long the last wait of our own choice was; the next is twice as long."""


@dataclass(frozen=True)
class RateLimit:
    """The file of one credential. A file that is absent or damaged is no limit."""

    path: Path
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def hold(self) -> Hold | None:
        """What is in the way at this moment."""
        found = self._read()
        return found if found.until > self.now() else None

    def wait(self) -> float:
        """Seconds still to wait, a little more for some than for others, so that not all come back at once."""
        found = self.hold()
        if found is None:
            return 0.0
        remaining = found.until - self.now()
        return remaining + self.chance() * min(_MOST_SPREAD, max(_LEAST_SPREAD, remaining * _SPREAD))

    def met(self, kind: FaultKind | None, reason: str, seconds: float | None, until: float | None) -> None:
        """A call was refused: others need not try while that is the credential's fault."""
        match kind:
            case FaultKind.THROTTLED:
                self.throttled(seconds, reason)
            case FaultKind.EXHAUSTED:
                self.exhausted(until, reason)
            case FaultKind.UNAUTHENTICATED:
                self.refused(reason)
            case _:
                pass

    def throttled(self, seconds: float | None, reason: str = "") -> None:
        """Too many calls: wait so many seconds; None is not told, and grows from time to time."""
        with self._changing() as found:
            if seconds is not None:
                self._extend(found, Hold(self.now() + seconds, FaultKind.THROTTLED, reason, found.pause))
            elif found.until <= self.now():  # otherwise it is another caller's share of the same refusal
                pause = min(_LONGEST, found.pause * 2 or _FIRST)
                self._write(Hold(self.now() + pause, FaultKind.THROTTLED, reason, pause))

    def exhausted(self, until: float | None, reason: str = "") -> None:
        """The credit is used up until then; None is not told."""
        with self._changing() as found:
            self._extend(found, Hold(until or self.now() + _UNTOLD, FaultKind.EXHAUSTED, reason))

    def refused(self, reason: str) -> None:
        """The credential is not accepted."""
        with self._changing() as found:
            self._extend(found, Hold(self.now() + _REFUSED, FaultKind.UNAUTHENTICATED, reason))

    def succeeded(self) -> None:
        """A call came through: waits begin small again. What others were told since it began stays."""
        if self._read() == Hold():
            return
        with self._changing() as found:
            self._write(replace(found, pause=0.0) if found.until > self.now() else Hold())

    def clear(self) -> None:
        """Somebody says that nothing is in the way any more."""
        with self._changing():
            self._write(Hold())

    def _extend(self, found: Hold, hold: Hold) -> None:
        self._write(hold if hold.until >= found.until else found)

    def _read(self) -> Hold:
        try:
            data = cast(dict[str, Any], json.loads(self.path.read_text(encoding="utf-8")))
            return Hold(float(data["until"]), FaultKind(data["kind"]), str(data["reason"]), float(data["pause"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Hold()

    def _write(self, hold: Hold) -> None:
        write_file(self.path, json.dumps(asdict(hold)))

    @contextmanager
    def _changing(self) -> Generator[Hold]:
        """What the file says, while nobody else may change it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._read()
