"""The one way to run an external command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workspaces.environment import environment
from workspaces.running import Ended, Running, StartError
from workspaces.transcript import Listener, Sink

__all__ = ["Ended", "Finished", "environment", "run"]

_TAIL = 64_000  # bytes of output kept in memory when there is a transcript
_TAIL_WITHOUT_TRANSCRIPT = 1_000_000  # and for a contained command without one: it may print for ever


@dataclass(frozen=True)
class Finished:
    """A command that is over, with everything it started."""

    argv: tuple[str, ...]
    ended: Ended
    exit_code: int | None  # as a shell gives it (128 + n after signal n); None unless it exited by itself
    seconds: float
    output: str  # stdout, and stderr with it when contained; the last 64 kB when a transcript is written
    error: str = ""  # stderr of an uncontained command; why it could not be started

    @property
    def ok(self) -> bool:
        return self.ended is Ended.EXITED and self.exit_code == 0


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: float = 60,
    idle: float | None = None,
    stop: threading.Event | None = None,
    transcript: Path | None = None,
    listener: Listener | None = None,
    secrets: Mapping[str, str] | None = None,
    contained: bool = False,
    grace: float = 5,
    signals: Sequence[signal.Signals] = (signal.SIGTERM,),
    errors: str = "replace",
    started: Callable[[int], None] | None = None,
) -> Finished:
    """Run a command until it ends, for at most `timeout` seconds, or `idle` seconds without output.

    Uncontained, for git and its like: a session of its own, stdout apart from stderr. `contained`, for
    programs that somebody else chose: nothing it started is alive when this returns, and stderr goes into
    the output. A command that is ended gets each of `signals` and `grace` seconds first. `listener` hears
    each line, writes the transcript in its own words and may end the command. `env` defaults to
    `environment()`; the values of `secrets` appear as `[NAME]` in all output; `errors` is what becomes of
    bytes that are no text; `started` is told the id of the process from which all others descend. A program
    that cannot be started is an outcome, `Ended.MISSING`.
    """
    argv, env, begun = tuple(argv), environment() if env is None else env, time.monotonic()
    if not _is_program(argv[0], cwd, env):
        return Finished(argv, Ended.MISSING, None, 0.0, "", f"{argv[0]}: not found, or not executable")
    sinks = _sinks(transcript, listener, secrets or {}, contained=contained)
    try:
        with _input(stdin) as source, Running(argv, cwd, env, stdin=source, contained=contained) as command:
            _let_go(source)
            if started:
                started(command.pid)
            command.read_into(*sinks)
            ended = command.wait(begun + timeout, idle=idle, stop=stop)
            if ended is not Ended.EXITED:
                command.ask_to_end(grace, signals=signals)
    except StartError as error:
        return Finished(argv, Ended.MISSING, None, time.monotonic() - begun, "", str(error))
    finally:
        said = [sink.close().decode(errors=errors) for sink in sinks]
    code = command.exit_code if ended is Ended.EXITED else None
    return Finished(argv, ended, code, time.monotonic() - begun, *said)


def _is_program(name: str, cwd: Path, env: Mapping[str, str]) -> bool:
    if not cwd.is_dir():
        return False
    if os.sep in name:
        return shutil.which(cwd / name) is not None
    return shutil.which(name, path=env.get("PATH", os.defpath)) is not None


def _sinks(
    transcript: Path | None, listener: Listener | None, secrets: Mapping[str, str], *, contained: bool
) -> list[Sink]:
    if contained:
        keep = _TAIL if transcript else _TAIL_WITHOUT_TRANSCRIPT
        return [Sink(secrets, keep=keep, transcript=transcript, listener=listener)]
    output = Sink(secrets, keep=_TAIL if transcript else None, transcript=transcript, listener=listener)
    return [output, Sink(secrets, keep=None, transcript=None)]


def _let_go(source: IO[bytes] | int) -> None:
    """What is on stdin may be a key: it stays open nowhere but in the command."""
    if not isinstance(source, int):
        source.close()


@contextmanager
def _input(text: bytes | None) -> Generator[IO[bytes] | int]:
    """A file rather than a pipe: nobody has to feed it while the command runs, however long it is."""
    if text is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        yield file
