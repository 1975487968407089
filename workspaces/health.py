"""Whether a service is up: one look, which says what is missing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from workspaces import ports, process
from workspaces.preparation import shell

_ANSWER = 5.0
"""Longest a single request may take, in seconds: a service that hangs while it starts is asked again."""
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reading those of all authorities takes longer than a look, and nothing here is encrypted."""


class ForeignError(Exception):
    """Somebody else listens on the service's port, or it cannot be seen who does. The text is a sentence."""


@dataclass(frozen=True)
class Probe:
    """How a service is asked. `health` is `tcp`, a path, or a shell line."""

    service: str
    port: int
    health: str
    checkout: Path
    env: Mapping[str, str]
    stop: threading.Event

    def look(self, pid: int, seconds: float) -> str | None:
        """None when the process `pid` or what it started serves the port and is healthy; otherwise what was seen.

        Nobody else is talked to: raises ForeignError.
        """
        return self._unheld(pid) or self._ask(seconds) or self._unheld(pid)

    def _unheld(self, pid: int) -> str | None:
        try:
            holders = ports.holders(self.port)
            strangers = [holder for holder in holders if not ports.belongs(holder.pid, pid)]
            # One that ends while it is looked at has lost its parents: only who still listens is a stranger.
            strangers = strangers and [holder for holder in ports.holders(self.port) if holder in strangers]
        except ports.UnknownHolderError as error:
            raise ForeignError(f"service {self.service} cannot be told from others: {error}") from error
        if strangers:
            held = f"port {self.port} of service {self.service} is held by another process ({strangers[0]})"
            raise ForeignError(f"{held}, not by the service")
        return None if holders else f"nothing listens on 127.0.0.1:{self.port}"

    def _ask(self, seconds: float) -> str | None:
        if self.health == "tcp":
            return self._connect(min(seconds, _ANSWER))
        if self.health.startswith("/"):
            return self._get(min(seconds, _ANSWER))
        return self._run(seconds)

    def _connect(self, seconds: float) -> str | None:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=seconds).close()
        except OSError as error:
            return f"connecting to port {self.port}: {error}"
        return None

    def _get(self, seconds: float) -> str | None:
        url = f"http://127.0.0.1:{self.port}{self.health}"
        try:
            # The body may be endless.
            with (
                httpx.Client(trust_env=False, verify=_NO_CERTIFICATES, timeout=seconds) as client,
                client.stream("GET", url, follow_redirects=False) as response,
            ):
                return None if response.status_code < 400 else f"GET {self.health}: {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"GET {self.health}: {str(error) or type(error).__name__}"

    def _run(self, seconds: float) -> str | None:
        finished = process.run(
            shell(self.health), cwd=self.checkout, env=self.env, timeout=seconds, stop=self.stop, contained=True
        )
        if finished.ok:
            return None
        ending = f"exit code {finished.exit_code}" if finished.exit_code is not None else finished.ended.value
        return f"`{self.health}`: {ending}"
