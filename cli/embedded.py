"""The embedded Prefect server: one per mission home, found or started, left running for the next run."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import certifi
import httpx

from blueprints.errors import MissionError
from cli.profiles import configured_api
from ledger.files import write_file
from workspaces.environment import environment

_BATCHES = (
    "TASK_RUN_RECORDER_BATCH_SIZE",
    "TASK_RUN_RECORDER_READ_BATCH_SIZE",
    "EVENT_PERSISTER_BATCH_SIZE",
    "EVENT_PERSISTER_READ_BATCH_SIZE",
    "TRIGGERS_READ_BATCH_SIZE",
)
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # to read all takes 40 ms for each look at a plain address
_ENDS_WITHIN = 15
"""Seconds it may take to end by itself."""
_LOOK = 1.0
"""Seconds between looks at whether it is still there."""
_READY_WITHIN = 120
"""Seconds a first start may take on a slow disk; 10 is usual."""


@dataclass(frozen=True)
class Server:
    """The embedded Prefect server and the process behind it."""

    url: str
    pid: int

    @property
    def api(self) -> str:
        return f"{self.url}/api"


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
    """The embedded server, waited for while it is busy or starting; None when its process is not there."""
    server = _known(home)
    if server is None or not _ours(server):
        return None
    _await(server, home / "prefect" / "server.log")
    return server


def stop(home: Path) -> bool:
    """End the embedded server; False when none runs."""
    with _alone(home):
        server = _known(home)
        (home / "prefect" / "server.json").unlink(missing_ok=True)
        if server is None or not _ours(server):
            return False
        os.killpg(server.pid, signal.SIGTERM)
        deadline = time.monotonic() + _ENDS_WITHIN
        while _ours(server):
            if time.monotonic() > deadline:
                os.killpg(server.pid, signal.SIGKILL)
            time.sleep(0.1)
        return True


def _known(home: Path) -> Server | None:
    try:
        return Server(**json.loads((home / "prefect" / "server.json").read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


@contextmanager
def kept(home: Path) -> Generator[None]:
    """While the block runs, an embedded server that dies is started anew at its address, however often.

    Prefect's client tries again for minutes. A server that was stopped on purpose stays stopped.
    """
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(home, over), name="server keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(home: Path, over: threading.Event) -> None:
    while configured_api() == _embedded_api(home) and not over.wait(_LOOK):
        with _alone(home):
            server = _known(home)
            if server and not _ours(server):
                with suppress(MissionError):  # it is tried again, and the mission's own calls tell what is wrong
                    _start(home, port=int(server.url.rpartition(":")[2]))


def _embedded_api(home: Path) -> str | None:
    server = _known(home)
    return server.api if server else None


def _start(home: Path, *, port: int | None = None) -> Server:
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    port = port or _usual_port(folder / "port")
    log = folder / "server.log"
    # Agents and their merges come first: nothing waits for the server's records.
    argv = ["nice", "-n", "10", sys.executable, "-m", "cli.prefect_server", "server", "start"]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*argv, "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=_environment(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid)
    write_file(folder / "server.json", json.dumps(asdict(server)))
    _await(server, log)
    return server


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Built, as every environment is: the server outlives the terminal that started it."""
    return environment() | {
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


def _await(server: Server, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while not _healthy(server):
        if not _ours(server):
            raise MissionError(f"the Prefect server ended while starting; see {log}", exit_code=1)
        if time.monotonic() > deadline:
            raise MissionError(
                f"the Prefect server did not answer for {_READY_WITHIN} s; see {log}, or `mission server stop`",
                exit_code=1,
            )
        time.sleep(0.1)


def _healthy(server: Server) -> bool:
    try:
        return httpx.get(f"{server.api}/health", timeout=5, trust_env=False, verify=_NO_CERTIFICATES).is_success
    except httpx.TransportError:
        return False


def _ours(server: Server) -> bool:
    """Whether the process that we started is there still, and not another under its number."""
    command = Path(f"/proc/{server.pid}/cmdline")
    if Path("/proc/self").exists():
        return command.exists() and server.url.rpartition(":")[2].encode() in command.read_bytes()
    try:
        os.kill(server.pid, 0)
    except OSError:
        return False
    return True


def _usual_port(record: Path) -> int:
    """The same as ever, if nobody took it meanwhile: bookmarks, workers and waiting flow runs know the address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
        try:
            listener.bind(("127.0.0.1", int(record.read_text(encoding="ascii"))))
        except (OSError, ValueError, OverflowError):
            listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    write_file(record, str(port))
    return port


@contextmanager
def _alone(home: Path) -> Generator[None]:
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
