"""A command while it runs: waiting for it, reading from it, ending it."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO

from workspaces import containment
from workspaces.transcript import Sink

_LOOK = 0.1  # seconds between looks at `stop`, which cannot be waited for together with files
_LOOK_WITHOUT_PIDFD = 0.01  # and at the process itself, where its end wakes nobody
_CHUNK = 65536


class Ended(StrEnum):
    """Why a command is over."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    IDLE = "idle"
    STOPPED = "stopped"
    CUT = "cut"  # its listener would not let it go on
    MISSING = "missing"  # it could not be started: no such program, not executable, no such folder


class StartError(Exception):
    """The system refused to start the program; the text is its reason."""


class Running:
    """A started command. Leaving its context leaves no process of it behind, whatever happened inside."""

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        *,
        stdin: IO[bytes] | int,
        contained: bool,
    ) -> None:
        self._namespaced = contained and bool(containment.namespace())
        self._contained, self._mark = contained, containment.new_mark()
        prefix = (containment.namespace() or containment.death_signal()) if contained else ()
        try:
            self._process = subprocess.Popen(
                [*prefix, *argv],
                cwd=cwd,
                env={**env, containment.MARK: self._mark},
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if contained else subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise StartError(str(error)) from error
        self._sinks: dict[int, Sink] = {}
        self._heard_by: tuple[Sink, ...] = ()
        self._poll, self._exit_poll = select.poll(), select.poll()
        self._exit_fd = _open_pidfd(self._process.pid)
        if self._exit_fd is not None:
            self._poll.register(self._exit_fd, select.POLLIN)
            self._exit_poll.register(self._exit_fd, select.POLLIN)
        self._last_output = time.monotonic()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._has_ended():
            containment.kill(self._process.pid, namespaced=self._namespaced)
        self._clear_away()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        if self._exit_fd is not None:
            os.close(self._exit_fd)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int:
        """As a shell gives it: 128 + n after signal n."""
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def read_into(self, *sinks: Sink) -> None:
        """Where the output goes: stdout, then stderr if it is apart."""
        self._heard_by = sinks
        for pipe, sink in zip((self._process.stdout, self._process.stderr), sinks, strict=False):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                self._sinks[pipe.fileno()] = sink
                self._poll.register(pipe, select.POLLIN)

    def wait(self, deadline: float, *, idle: float | None = None, stop: threading.Event | None = None) -> Ended:
        """Read until the command ends or a limit is reached (`deadline` on the monotonic clock)."""
        while not self._has_ended():
            now = time.monotonic()
            if stop and stop.is_set():
                return Ended.STOPPED
            if now >= deadline:
                return Ended.TIMEOUT
            if now >= self._listened_until:
                return Ended.CUT
            if idle is not None and now >= self._last_output + idle:
                return Ended.IDLE
            quiet = self._last_output + idle if idle is not None else deadline
            self._read_once(min(deadline, quiet, self._listened_until) - now, looking=stop is not None)
        self._clear_away()
        return Ended.EXITED

    def ask_to_end(self, grace: float, *, signals: Sequence[signal.Signals]) -> None:
        """Each signal in turn, then `grace` seconds in which the command may still speak."""
        for number in signals:
            containment.ask_to_end(self._process.pid, number, namespaced=self._namespaced)
            if self._is_over(time.monotonic() + grace):
                return

    @property
    def _listened_until(self) -> float:
        return min((sink.deadline for sink in self._heard_by), default=math.inf)

    def _is_over(self, deadline: float) -> bool:
        while not self._has_ended() and (left := deadline - time.monotonic()) > 0:
            self._read_once(left, looking=False)
        return self._has_ended()

    def _has_ended(self) -> bool:
        if self._exit_fd is None:
            return self._process.poll() is not None
        return bool(self._exit_poll.poll(0))

    def _read_once(self, seconds: float, *, looking: bool) -> None:
        limit = _LOOK_WITHOUT_PIDFD if self._exit_fd is None else _LOOK if looking else seconds
        for fd, _ in self._poll.poll(max(0, min(seconds, limit)) * 1000 + 1):
            if fd in self._sinks:
                self._read(fd)

    def _read(self, fd: int) -> bool:
        """Whether there may be more to read now."""
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        if chunk:
            self._last_output = time.monotonic()
            self._sinks[fd].write(chunk)
        else:
            self._poll.unregister(fd)
            del self._sinks[fd]
        return bool(chunk)

    def _clear_away(self) -> None:
        if not self._namespaced:  # there, `unshare` must live until it has seen all others end
            # Before the process is reaped: until then the group's number cannot belong to another.
            containment.kill_group(self._process.pid)
        if self._contained and not self._namespaced:
            containment.sweep(self._mark)
        self._process.wait()
        enough = time.monotonic() + 1  # an uncontained command may leave somebody who writes for ever
        for fd in list(self._sinks):
            while self._read(fd) and time.monotonic() < enough:
                pass


def _open_pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # another system; an old kernel or a sandbox
        return None
