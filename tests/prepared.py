"""An interpreter that has imported all that `mission` commands import, and becomes one of them in a fork.

Started by `tests/process.py`, which sends it the calls; Prefect's workers and flow runs come by its door, through
`tests/quick_python.py`. A fork finds what a fresh interpreter would have found: `cli`, `flows` and `tasks` are yet
to be imported, and so, by all appearances, is Prefect, which reads the environment while it is imported and must
read that of the call.

A fork with `MISSION_TEST_KILL=before:17` or `after:17` kills itself right before or right after it writes line 17
of a ledger; `after:milestone_sealed` stands for the first line of that kind. One with `MISSION_TEST_CLOCK=FILE`
lives as many seconds later as the file says, which a test may change meanwhile.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

_IMPORTED = ("cli.main", "cli.run", "flows.compile", "flows.results")
_IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "fastapi.encoders",
    "prefect.cli.deployment",
    "prefect.cli.worker",
    "prefect.flow_engine",
    "prefect.runner._workspace_supervisor",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "prefect.workers.process",
)
"""What Prefect imports when a flow is called, and on its command line."""
_KILL = "MISSION_TEST_KILL"
_CLOCK = "MISSION_TEST_CLOCK"
_ANEW = ("cli", "flows", "tasks", "tests")
NUMBER = struct.Struct("i")
"""How a process is told of: first its id, and when it has ended its exit code, as `subprocess` gives it."""


def main() -> None:
    """Take calls until nobody is left to make one; only the forks come back from that, and are commands."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the commands
    for name in (*_IMPORTED, *_IMPORTED_LATE):
        importlib.import_module(name)
    _take_out(*_ANEW)
    sys.meta_path.insert(0, _ImportedAhead(_take_out("prefect")))
    gc.collect()  # what was taken out
    gc.freeze()  # or the collector would copy what the forks share
    calls, door = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    calls.sendall(b".")  # prepared
    module, words = _next_call(calls, door)
    sys.argv = ["-m", *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _take_out(*packages: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in names}


class _ImportedAhead(MetaPathFinder, Loader):
    """Finds Prefect where it is; importing it is taking the modules that are loaded and having them look around."""

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "prefect" or not (spec := PathFinder.find_spec(fullname, path)):
            return None
        spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """What in Prefect's import depends on the environment, in its order."""
        sys.modules |= self._modules
        context: Any = self._modules["prefect.context"]
        logging: Any = self._modules["prefect.logging.configuration"]
        context.refresh_global_settings_context()
        logging.PROCESS_LOGGING_CONFIG.clear()
        logging.setup_logging()


def _next_call(calls: socket.socket, door: socket.socket) -> tuple[str, list[str]]:
    """The module and the words of a call, in a fork that has become its process."""
    while True:
        if door in select.select([calls, door], [], [])[0]:
            caller, _ = door.accept()
            descriptors = [caller.detach()]
        else:
            _, descriptors, _, _ = socket.recv_fds(calls, 1, 4)
        if not descriptors:
            sys.exit()
        if not os.fork():
            calls.close()
            door.close()
            return _become(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _forget_the_dead()


def _forget_the_dead() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become(caller: int, *given: int) -> tuple[str, list[str]]:
    """Fork once more: one to be the command, and one to tell how that ends."""
    with socket.socket(fileno=caller) as connection:
        streams = given or socket.recv_fds(connection, 1, 3)[1]
        with connection.makefile("r") as text:
            call: dict[str, Any] = json.loads(text.readline())
        if process := os.fork():
            _tell(connection, process, streams, tied=call["tied"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    sys.executable = call["python"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if call["fresh"]:
        os.execv(sys.executable, [sys.executable, "-m", call["module"], *call["words"]])
    if point := os.environ.pop(_KILL, ""):
        _die_at(point)
    if clock := os.environ.pop(_CLOCK, ""):
        _live_later(Path(clock))
    return call["module"], call["words"]


def _die_at(point: str) -> None:
    """From now on, whoever writes that line of a ledger takes this process along."""
    events: Any = importlib.import_module("ledger.events")
    write: Callable[[Path, bytes], None] = events._write
    when, _, which = point.partition(":")

    def write_and_die(path: Path, line: bytes) -> None:
        here = which in (str(_lines(path) + 1), json.loads(line)["type"])
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        write(path, line)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    events._write = write_and_die


def _live_later(clock: Path) -> None:
    """The hours of a schedule are told by another clock."""
    hours: Any = importlib.import_module("blueprints.hours")
    hours.time = SimpleNamespace(time=lambda: time.time() + float(clock.read_text()))


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _tell(connection: socket.socket, process: int, streams: Sequence[int], *, tied: bool) -> NoReturn:
    """`tied`: the command dies with the process that called."""
    for stream in streams:
        os.close(stream)
    connection.sendall(NUMBER.pack(process))
    caller = connection.fileno()
    if tied and caller in select.select([caller, os.pidfd_open(process)], [], [])[0]:
        os.kill(process, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    connection.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


if __name__ == "__main__":
    main()
