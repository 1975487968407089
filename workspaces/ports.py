"""Ports on 127.0.0.1: a lease that keeps one to its holder, and who really listens on it."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from workspaces.containment import MARK

_RANGE = range(20_000, 30_000)
"""Below the ports that Linux gives to outgoing connections."""
_REACHED = ("127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1")  # noqa: S104 - compared, not bound
"""Addresses whose listener may get a connection to 127.0.0.1."""
_PROBED = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104 - for a moment and without listening
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
)
_SOCKETS = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Where Linux lists sockets: state and local address of each, in hexadecimal digits."""
_LISTENS = "0A"
_LOOKS = 5
"""Processes are listed before sockets are: a socket that is opened in between has no owner until the next look."""
_IN_USE = (errno.EADDRINUSE, errno.EACCES, errno.EPERM)


class PortTakenError(Exception):
    """The wanted port, or every port, is taken. The text is a sentence."""


class UnknownHolderError(Exception):
    """The system does not tell which process listens."""


@dataclass(frozen=True)
class Holder:
    """A process that listens."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"pid {self.pid}, {self.name}"


@contextmanager
def lease(folder: Path, wanted: int | None = None) -> Generator[int]:
    """A free port that no other lease of the same folder has; raises PortTakenError.

    The files stay: one that was removed while somebody waits for it would be locked twice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, lock = _taken_over(folder, wanted) if wanted else _any(folder)
    try:
        yield port
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # a process that another thread just forked has the descriptor too
        os.close(lock)


def holders(port: int) -> list[Holder]:
    """Who listens where a connection to 127.0.0.1 arrives; raises UnknownHolderError when that cannot be seen."""
    if not _may_listen(port):
        return []
    for _ in range(_LOOKS):
        pids = _listening(port)
        if None not in pids:
            return [Holder(pid, name) for pid in pids if pid is not None and (name := _name(pid))]
    raise UnknownHolderError(f"the system does not tell who listens on port {port}, perhaps another user's process")


def belongs(pid: int, ancestor: int) -> bool:
    """Whether a process is another or was started by it, however far down."""
    # Twice: a parent may end during the first walk, which then ends short of the ancestor.
    return _descends(pid, ancestor) or _descends(pid, ancestor) or _same_mark(pid, ancestor)


def _may_listen(port: int) -> bool:
    """False when nobody does. It costs little: to find out who does, all files of all processes are looked at."""
    try:
        lines = [line.split() for table in _SOCKETS if table.exists() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return True
    return not lines or any(
        state == _LISTENS and int(at.rpartition(":")[2], 16) == port for _, at, _, state, *_ in lines
    )


def _listening(port: int) -> set[int | None]:
    """Process ids; None where the system does not tell."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError) as error:
        raise UnknownHolderError(f"the system does not tell who listens on port {port} ({error})") from error
    wanted = [(host, port) for host in _REACHED]
    return {found.pid for found in connections if found.status == psutil.CONN_LISTEN and tuple(found.laddr) in wanted}


def _any(folder: Path) -> tuple[int, int]:
    """A port from anywhere in the range, and the descriptor that locks it."""
    first = random.SystemRandom().randrange(len(_RANGE))
    for step in range(len(_RANGE)):
        with suppress(PortTakenError):
            return _taken_over(folder, _RANGE[(first + step) % len(_RANGE)])
    raise PortTakenError(f"no port from {_RANGE[0]} to {_RANGE[-1]} is free")


def _taken_over(folder: Path, port: int) -> tuple[int, int]:
    lock = os.open(folder / f"{port}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released by the kernel when this process dies
        _require_free(port)
    except BlockingIOError:
        os.close(lock)
        raise PortTakenError(f"port {port} is leased to another service") from None
    except BaseException:
        os.close(lock)
        raise
    return port, lock


def _require_free(port: int) -> None:
    for family, host in _PROBED:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # Connections that are over still count as the port's for a minute. A listener is noticed all the same.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family is socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno in _IN_USE or family is socket.AF_INET:  # otherwise there is no IPv6 here
                raise PortTakenError(_taken(port, error)) from error


def _taken(port: int, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"port {port} cannot be used: {error.strerror}"
    with suppress(UnknownHolderError):
        if found := holders(port):
            return f"port {port} is taken by another process ({'; '.join(map(str, found))})"
    return f"port {port} is taken by another process"


def _name(pid: int) -> str | None:
    """None for a process that is gone by now."""
    try:
        return psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return "a process whose name is hidden"


def _descends(pid: int, ancestor: int) -> bool:
    try:
        return pid == ancestor or any(parent.pid == ancestor for parent in psutil.Process(pid).parents())
    except psutil.Error:
        return False


def _same_mark(pid: int, ancestor: int) -> bool:
    """Where there are no namespaces, a process that left its parents is known by the mark in its environment."""
    try:
        mark = psutil.Process(ancestor).environ().get(MARK)
        return mark is not None and psutil.Process(pid).environ().get(MARK) == mark
    except psutil.Error:
        return False
