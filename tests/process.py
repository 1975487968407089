"""`mission` commands, each a process of its own, forked from an interpreter that was prepared for all of them.

To start Python and import Prefect is most of what a command takes, and the only thing that a fork leaves out.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.prepared import NUMBER

_PROJECT = Path(__file__).parents[1]
_QUICK_PYTHON = Path(__file__).with_name("quick_python.py")
_READ_BY_IMPORTS = ("PREFECT_", "PYTHON", "SSL_")
"""Beginnings of variables that modules look at when they are imported."""
_STDERR = 2
_TOO_LONG = 300.0
"""Seconds after which a command is killed."""


class Process:
    """A command at work: what tests use of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, stdout: IO[str]) -> None:
        self._connection, self.stdout = connection, stdout
        self.pid = self._told()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or -n after signal n; None while it goes on."""
        return self.wait() if self.returncode is None and _something_to_read(self._connection) else self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = self._told()
            self._connection.close()
        return self.returncode

    def communicate(self, timeout: float = _TOO_LONG) -> str:
        """What it still prints, until it has ended; it is killed if that takes longer."""
        alarm = threading.Timer(timeout, os.kill, (self.pid, signal.SIGKILL))
        alarm.start()
        try:
            with self.stdout:
                said = self.stdout.read()
            self.wait()
        finally:
            alarm.cancel()
        return said

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.wait()

    def _told(self) -> int:
        number: int = NUMBER.unpack(self._connection.recv(NUMBER.size, socket.MSG_WAITALL))[0]
        return number


def _something_to_read(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


class Interpreter:
    """Starts commands. It is started itself for the first of them, by the words `before`, if any."""

    def __init__(self, *before: str) -> None:
        self._before = before
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._calls, self._theirs = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory()
        self._imported_with: dict[str, str] = {}

    def run(self, words: Sequence[str], environment: Mapping[str, str], *, stdin: str, fresh: bool) -> Ended:
        """`mission WORDS…`, to its end."""
        with tempfile.TemporaryFile("w+") as source, tempfile.TemporaryFile("w+") as errors:
            source.write(stdin)
            source.seek(0)
            process = self._start(words, environment, source.fileno(), errors.fileno(), fresh=fresh)
            output = process.communicate()
            errors.seek(0)
            return subprocess.CompletedProcess(list(words), process.wait(), output, errors.read())

    def start(self, words: Sequence[str], environment: Mapping[str, str], *, fresh: bool) -> Process:
        """`mission WORDS…`, going on; what it says on stderr is said by the test."""
        with Path(os.devnull).open() as nothing:
            return self._start(words, environment, nothing.fileno(), _STDERR, fresh=fresh)

    @property
    def pid(self) -> int:
        with self._lock:
            self._prepare()
        assert self._process
        return self._process.pid

    @property
    def python(self) -> Path:
        """A Python that starts Prefect in no time, and all that Prefect starts with it."""
        with self._lock:
            self._prepare()
        return Path(self._folder.name) / "python"

    def close(self) -> None:
        """It ends when nobody can call it any more."""
        self._calls.close()
        self._theirs.close()
        if self._process:
            self._process.wait()
        self._folder.cleanup()

    def _start(
        self, words: Sequence[str], environment: Mapping[str, str], stdin: int, stderr: int, *, fresh: bool
    ) -> Process:
        with self._lock:
            self._prepare()
        here, there = socket.socketpair()
        reading, writing = os.pipe()
        with there, os.fdopen(writing, "w"), self._lock:
            socket.send_fds(self._calls, [b"."], [there.fileno(), stdin, writing, stderr])
        anew = fresh or _read_by_imports(environment) != self._imported_with
        call = {"module": "cli.main", "words": words, "environment": dict(environment), "fresh": anew, "tied": False}
        call |= {"folder": str(_PROJECT), "python": sys.executable}
        here.sendall(f"{json.dumps(call)}\n".encode())
        return Process(here, os.fdopen(reading))

    def _prepare(self) -> None:
        if self._process is None:
            theirs, door = self._theirs.fileno(), self._open_door()
            argv = [*self._before, sys.executable, "-m", "tests.prepared", str(theirs), str(door.fileno())]
            nothing, given = subprocess.DEVNULL, [theirs, door.fileno()]
            self._process = subprocess.Popen(argv, cwd=_PROJECT, stdin=nothing, stdout=nothing, pass_fds=given)
            self._theirs.close()
            door.close()
            self._imported_with = _read_by_imports(os.environ)
            if not self._calls.recv(1):  # a word when it is prepared
                self._process.wait()
        assert self._process.poll() is None, "what commands import cannot be imported"

    def _open_door(self) -> socket.socket:
        """Where `quick_python.py`, which lies beside it, has its work done."""
        folder = Path(self._folder.name)
        python = folder / "python"
        python.write_text(f"#!{sys.executable} -IS\n{_QUICK_PYTHON.read_text()}")
        python.chmod(0o755)
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(folder / "door"))
        door.listen()
        return door


def _read_by_imports(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_READ_BY_IMPORTS)}


Ended = subprocess.CompletedProcess[str]
interpreter = Interpreter()
