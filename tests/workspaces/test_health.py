from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from workspaces.health import ForeignError, Probe
from workspaces.process import environment

OURS = os.getpid()
"""The services of these tests listen in this process."""


class Page(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.removeprefix("/")))
        self.send_header("location", "/500")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return


@pytest.fixture
def port() -> Iterator[int]:
    """Of a site in this process."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def seen(folder: Path, port: int, health: str, *, pid: int = OURS, seconds: float = 60) -> str | None:
    return Probe("app", port, health, folder, environment(GREETING="hello"), threading.Event()).look(pid, seconds)


@pytest.mark.parametrize("health", ["tcp", "/200", "/302", "/399", 'test "$GREETING" = hello'])
def test_a_service_is_healthy(tmp_path: Path, port: int, health: str) -> None:
    assert seen(tmp_path, port, health) is None


@pytest.mark.parametrize("status", [400, 404, 503])
def test_a_page_from_400_up_is_not_healthy(tmp_path: Path, port: int, status: int) -> None:
    assert seen(tmp_path, port, f"/{status}") == f"GET /{status}: {status}"


def test_a_shell_line_that_fails_is_not_healthy(tmp_path: Path, port: int) -> None:
    assert seen(tmp_path, port, "exit 9") == "`exit 9`: exit code 9"


def test_a_shell_line_that_takes_too_long_is_not_healthy(tmp_path: Path, port: int) -> None:
    assert seen(tmp_path, port, "sleep 1000", seconds=0.1) == "`sleep 1000`: timeout"


def test_a_page_that_takes_too_long_is_not_healthy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert seen(tmp_path, silent.getsockname()[1], "/200", seconds=0.1) == "GET /200: timed out"


def test_a_service_that_does_not_listen_is_asked_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert seen(tmp_path, port, "touch asked") == f"nothing listens on 127.0.0.1:{port}"
    assert not (tmp_path / "asked").exists()


def test_another_process_is_asked_nothing(tmp_path: Path, port: int) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as service:
        with pytest.raises(ForeignError, match=rf"held by another process \(pid {OURS}, .+\), not by the service"):
            seen(tmp_path, port, "touch asked", pid=service.pid)
        service.communicate()
    assert not (tmp_path / "asked").exists()


def test_a_listener_that_cannot_be_seen_is_not_believed(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    with pytest.raises(ForeignError, match="service app cannot be told from others: the system does not tell who"):
        seen(tmp_path, port, "tcp")
