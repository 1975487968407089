"""The embedded Prefect server: one per mission home, found or started, left running for the next run."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import certifi
import httpx

from blueprints.errors import MissionError
from ledger.files import write_file

_BATCHES = (
    "TASK_RUN_RECORDER_BATCH_SIZE",
    "TASK_RUN_RECORDER_READ_BATCH_SIZE",
    "EVENT_PERSISTER_BATCH_SIZE",
    "EVENT_PERSISTER_READ_BATCH_SIZE",
    "TRIGGERS_READ_BATCH_SIZE",
)
_READY_WITHIN = 120
"""Seconds a first start may take on a slow disk; 10 is usual."""


@dataclass(frozen=True)
class Server:
    """A Prefect server and, when it is ours, the process behind it."""

    url: str
    pid: int | None = None

    @property
    def api(self) -> str:
        return f"{self.url}/api"


def configured_api() -> str | None:
    """The API address the user configured: `PREFECT_API_URL`, else the active Prefect profile."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))).expanduser()
    if not path.is_file():
        return None
    profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    profile_url: str | None = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return profile_url


def use_server(home: Path) -> str:
    """Point this process at the configured server, else at the embedded one. Call before importing Prefect.

    Returns the API address.
    """
    api = configured_api()
    if api is None:
        api = ensure(home).api
        os.environ["PREFECT_API_URL"] = api
        os.environ["PREFECT_HOME"] = str(home / "prefect")
    if api.startswith("http://"):
        _spare_certificates(home)
    return api


def _spare_certificates(home: Path) -> None:
    """Prefect's client reads all root certificates anew for each task, 2 x 20 ms, even when it speaks plain HTTP.

    One certificate, which is never looked at, does as well.
    """
    first, end, _ = Path(certifi.where()).read_text(encoding="ascii").partition("-----END CERTIFICATE-----\n")
    path = home / "prefect" / "unused-certificate.pem"
    write_file(path, first[first.index("-----BEGIN") :] + end)
    os.environ.setdefault("PREFECT_API_SSL_CERT_FILE", str(path))


def ensure(home: Path) -> Server:
    """The embedded server, started when it does not run. Two callers at once share one."""
    with _alone(home):
        return running(home) or _start(home)


def running(home: Path) -> Server | None:
    """The embedded server if it answers."""
    try:
        known = json.loads((home / "prefect" / "server.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    server = Server(known["url"], known["pid"])
    return server if _ours(server) and _healthy(server) else None


def stop(home: Path) -> bool:
    """End the embedded server; False when none runs."""
    with _alone(home):
        server = running(home)
        if server is None or server.pid is None:
            return False
        os.killpg(server.pid, signal.SIGTERM)
        while _ours(server):
            time.sleep(0.1)
        (home / "prefect" / "server.json").unlink()
        return True


def _start(home: Path) -> Server:
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    log = folder / "server.log"
    argv = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [
                "nice",
                "-n",
                "5",
                *argv,
            ],  # agents and their merges come first; nothing waits for the server's records
            cwd=folder,
            env=_environment(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid)
    _await(server, process, log)
    write_file(folder / "server.json", json.dumps(asdict(server)))
    return server


def _environment(folder: Path, port: int) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return own | {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A transaction per batch and not per record: half the server's work for each task.
        **{f"PREFECT_SERVER_SERVICES_{name}": "100" for name in _BATCHES},
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    }


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while not _healthy(server):
        if process.poll() is not None:
            raise MissionError(f"the Prefect server ended while starting; see {log}", exit_code=1)
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            raise MissionError(f"the Prefect server was not ready after {_READY_WITHIN} s; see {log}", exit_code=1)
        time.sleep(0.1)


def _healthy(server: Server) -> bool:
    try:
        return httpx.get(f"{server.api}/health", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _ours(server: Server) -> bool:
    """Whether the process that we started is there still, and not another under its number."""
    command = Path(f"/proc/{server.pid}/cmdline")
    if Path("/proc/self").exists():
        return command.exists() and server.url.rpartition(":")[2].encode() in command.read_bytes()
    try:
        os.kill(server.pid or 0, 0)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
