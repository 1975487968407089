"""What stands for Python where Prefect is started: the prepared interpreter does the work, in a fork of its own.

A worker starts two processes for each flow run, and most of what they take is to import Prefect. Everything else is
done by Python itself. See `tests/prepared.py`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys

_NUMBER = struct.Struct("i")
_IN_A_FORK = ("prefect", "prefect.engine", "prefect.runner._workspace_supervisor")
_STARTS_NOTHING = "prefect.engine"


def main() -> None:
    """The words of this process, done by another one that lives and dies with it."""
    words = sys.argv[1:]
    if words[0] != "-m" or words[1] not in _IN_A_FORK:
        os.execv(sys.executable, [sys.executable, *words])
    folder, module = os.path.dirname(os.path.abspath(__file__)), words[1]  # noqa: PTH100, PTH120 - imports take time
    call = {"module": module, "words": words[2:], "environment": dict(os.environ), "fresh": False, "tied": True}
    call |= {"folder": os.getcwd(), "python": sys.executable if module == _STARTS_NOTHING else __file__}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(os.path.join(folder, "door"))  # noqa: PTH118
        socket.send_fds(door, [b"."], [0, 1, 2])
        door.sendall(f"{json.dumps(call)}\n".encode())
        process = _told(door)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda heard, _: os.kill(process, heard))
        code = _told(door)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _told(door: socket.socket) -> int:
    number: int = _NUMBER.unpack(door.recv(_NUMBER.size, socket.MSG_WAITALL))[0]
    return number


if __name__ == "__main__":
    main()
