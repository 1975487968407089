"""The services of `deployments/compose.yaml` as processes of this machine: its commands, its variables, its order.

Where containers have names, addresses and volumes of their own, processes have ports on loopback and folders.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.conftest import Data
from tests.deployments.postgres import its_user, make_database
from tests.flows.stage import LONG, until

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "deployments" / "compose.yaml"
_HOSTS = re.compile(r"\b(postgres|redis|api)(?=:\d)|\b0\.0\.0\.0\b")
_PORTS = re.compile(r"\b(5432|6379|4200|8080)\b")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_OWN = {
    "postgres": ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"],
    "redis": ["--bind", "127.0.0.1"],
}
"""What the images of these services say to their programs by themselves, or a container makes unnecessary."""


class NotSetError(Exception):
    """A variable that compose.yaml asks for."""


def composition(variables: Mapping[str, str]) -> Data:
    """What compose.yaml says with these variables. Raises NotSetError with its words for one that is not there."""

    def value(found: re.Match[str]) -> str:
        name, otherwise, words = found.groups()
        if name not in variables and otherwise == "?":
            raise NotSetError(words)
        return variables.get(name, words or "")

    whole: Data = yaml.safe_load(_VARIABLE.sub(value, COMPOSE.read_text(encoding="utf-8")))
    return whole


def programs() -> str:
    """Where programs are found: this interpreter's own first, PostgreSQL's in a folder that Debian keeps off PATH."""
    servers = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return os.pathsep.join([str(Path(sys.executable).parent), *servers, os.environ["PATH"]])


@dataclass(frozen=True)
class Composed:
    """The services, each in a process group of its own."""

    services: Data
    folder: Path
    volumes: Mapping[str, Path]
    """The folders that stand for paths in containers."""
    more: Mapping[str, Mapping[str, str]]
    """Variables of services that only the test has."""
    ports: dict[str, str] = field(default_factory=dict[str, str])
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])

    @property
    def api(self) -> str:
        return self._here("http://api:4200/api")

    def start(self, name: str) -> None:
        """Start the service once what it depends on is as compose.yaml wants it; returned when it is healthy."""
        service = self.services[name]
        for other, wanted in service.get("depends_on", {}).items():
            if other not in self.processes:
                self.start(other)
            if wanted["condition"] == "service_completed_successfully":
                assert self.processes[other].wait(LONG) == 0, self.log(other)
        argv = [self._here(word) for word in shlex.split(service["command"])] + _OWN.get(name, [])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._as_its_user(name, argv),
                env=self.environment(name),
                cwd=self._folder(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if "healthcheck" in service:
            until(lambda: self._is_healthy(name))

    def stop(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGTERM)
        self.processes[name].wait(LONG)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def environment(self, name: str) -> dict[str, str]:
        said: Data = self.services[name].get("environment", {})
        variables = {key: str(self.volumes.get(value, self._here(value))) for key, value in said.items()}
        home = self._folder(name)
        own = {"PATH": programs(), "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "LANG": "C.UTF-8"}
        return own | variables | {**self.more.get(name, {})}

    def run(self, *argv: str) -> str:
        """What a program, of which compose.yaml could say the words, prints."""
        words = [self._here(word) for word in argv]
        done = subprocess.run(words, env={"PATH": programs()}, capture_output=True, text=True, timeout=LONG)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _is_healthy(self, name: str) -> bool:
        assert self.processes[name].poll() is None, self.log(name)
        kind, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        if not all(listens(self._port(port)) for port in _PORTS.findall(" ".join(words))):
            return False  # to ask Python anew and anew would keep from starting what is asked about
        argv = [self._here(word) for word in words]
        return subprocess.run(argv, env=self.environment(name), capture_output=True, timeout=LONG).returncode == 0

    def _here(self, words: str) -> str:
        """The same words with addresses of this machine."""
        return _PORTS.sub(lambda found: self._port(found[0]), _HOSTS.sub("127.0.0.1", words))

    def _port(self, number: str) -> str:
        if number not in self.ports:
            self.ports[number] = free_port()
        return self.ports[number]

    def _folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _as_its_user(self, name: str, argv: list[str]) -> list[str]:
        if name != "postgres":
            return argv
        data = make_database(self._folder(name), self.services[name]["environment"], programs())
        return [*its_user(), *argv, "-p", self._port("5432"), "-D", str(data)]


@contextmanager
def composed(
    folder: Path,
    variables: Mapping[str, str],
    *,
    volumes: Mapping[str, Path],
    more: Mapping[str, Mapping[str, str]] | None = None,
) -> Generator[Composed]:
    """All services of compose.yaml, started in its order; killed, the last first, with the block."""
    team = Composed(composition(variables)["services"], folder, volumes, more or {})
    try:
        for name in team.services:
            if name not in team.processes:
                team.start(name)
        yield team
    finally:
        for process in reversed(team.processes.values()):
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process, and what it started: nothing of it is needed any more."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0
