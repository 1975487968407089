"""A Prefect server that missions have for themselves, so that it can die without hurting others."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.conftest import Data, Missions
from tests.flows.stage import HTTP, until


@dataclass(frozen=True)
class Server:
    """The embedded server of a mission home, and how it was started."""

    folder: Path
    pid: int
    url: str
    argv: list[str]
    environment: Mapping[str, str]

    def take_away(self) -> None:
        """As a server that is not the mission's own to start anew."""
        (self.folder / "server.json").unlink()
        self.kill()

    def kill(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        until(lambda: _gone(self.pid))

    def forget(self) -> None:
        """Its database is lost."""
        for path in self.folder.glob("prefect.db*"):
            path.unlink()

    def start_again(self) -> Server:
        """At the same address, as whoever keeps a server running does."""
        log = str(self.folder / "server.log")
        into = [(os.POSIX_SPAWN_OPEN, n, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for n in (1, 2)]
        # No `Popen`, which would warn that it goes on: it ends with `mission server stop`.
        pid = os.posix_spawn(self.argv[0], self.argv, self.environment, file_actions=into, setsid=True)
        (self.folder / "server.json").write_text(json.dumps({"url": self.url, "pid": pid}))
        until(self._answers)
        return Server(self.folder, pid, self.url, self.argv, self.environment)

    def _answers(self) -> bool:
        try:
            return HTTP.get(f"{self.url}/api/health", timeout=5).is_success
        except httpx.TransportError:
            return False


def server_of(missions: Missions) -> Server:
    """The server that the missions' home has started."""
    folder = missions.home / "prefect"
    known: Data = json.loads((folder / "server.json").read_text())
    process = psutil.Process(known["pid"])
    return Server(folder, process.pid, known["url"], process.cmdline(), process.environ())


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
