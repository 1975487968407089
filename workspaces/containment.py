"""Nothing that a contained command started outlives it, nor the orchestrator.

On Linux the command gets a PID namespace of its own, which the kernel empties when its first process
ends. Where namespaces are not allowed /proc is swept for the mark that every command's processes carry in
their environment; a process that clears its environment escapes there. Elsewhere (macOS) only the process
group is killed.
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from ledger.owner import born

MARK = "MISSION_PROCESS"
# The shell is the first process of the namespace, so that the command keeps ordinary signals: the kernel
# drops those that a first process does not handle. `exit` keeps the shell from replacing itself.
_SHELL = ("-c", '"$@"; exit $?', "sh")


@functools.cache
def namespace() -> tuple[str, ...]:
    """The words before a command that give it a namespace; none where the system does not allow it."""
    setpriv, unshare, sh = shutil.which("setpriv"), shutil.which("unshare"), shutil.which("sh")
    if not (setpriv and unshare and sh):
        return ()
    dying_with_us = (setpriv, "--pdeathsig", "KILL", unshare, "--pid", "--fork", "--kill-child=SIGKILL")
    options: tuple[tuple[str, ...], ...] = ((), ("--user", "--map-current-user"))
    for option in options:
        words = (*dying_with_us, "--mount-proc", *option, sh, *_SHELL)
        if _works((*words, "true")):
            return words
    return ()


@functools.cache
def death_signal() -> tuple[str, ...]:
    """The words before a command that at least end the command itself with the orchestrator."""
    setpriv = shutil.which("setpriv")
    words = (setpriv, "--pdeathsig", "KILL") if setpriv else ()
    return words if words and _works((*words, "true")) else ()


def _works(argv: Sequence[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def ask_to_end(pid: int, number: signal.Signals, *, namespaced: bool) -> None:
    """A signal for the command. One to the namespace's own processes would end everything at once."""
    if not namespaced:
        _signal_group(pid, number)
        return
    for first in _wait_for_children(pid):
        for command in _wait_for_children(first):
            _signal(command, number)


def kill(pid: int, *, namespaced: bool) -> None:
    """SIGKILL for everything. With the namespace's first process gone, `pid` ends after all the others."""
    firsts = _wait_for_children(pid) if namespaced else []
    for first in firsts:
        _signal(first, signal.SIGKILL)
    if not firsts:
        _signal_group(pid, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """SIGKILL for what is left of the command's process group."""
    _signal_group(pid, signal.SIGKILL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # PermissionError: only zombies are left (macOS)
        return


def new_mark() -> str:
    """A command's own, which says whose command it is."""
    return f"{mark_of(os.getpid(), born(os.getpid()))}{secrets.token_hex(8)}"


def mark_of(pid: int, since: int | None) -> str:
    """With this begins the mark of every command that a process started."""
    return f"{pid}-{since or 0}-"


def sweep(mark: str) -> None:
    """Kill every process that carries the mark, until none is left."""
    _sweep(f"\0{MARK}={mark}\0")


def sweep_all(beginning: str) -> None:
    """The same for every mark with this beginning."""
    _sweep(f"\0{MARK}={beginning}")


def _sweep(variable: str) -> None:
    for _ in range(200):
        found = [pid for pid in _processes() if variable.encode() in _environment(pid)]
        if not found:
            return
        for pid in found:
            _signal(pid, signal.SIGKILL)
        time.sleep(0.005)


def _processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _environment(pid: int) -> bytes:
    try:
        return b"\0" + Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:
        return b""


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _wait_for_children(pid: int) -> list[int]:
    # Killing `unshare` before it has forked, or its child before that is tied to it, would leave an orphan.
    for _ in range(1000):
        children = _children(pid)
        if children or children is None:
            return children or []
        time.sleep(0.001)
    return []


def _children(pid: int) -> list[int] | None:
    """The children of a process; None when it has ended or the system does not tell."""
    try:
        ended = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return None if ended else [int(word) for word in words]
