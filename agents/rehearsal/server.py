"""A model server on this machine that speaks the providers' protocols and says what its scripts say."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from agents.rehearsal.calls import Call, CallLog
from agents.rehearsal.player import Player
from agents.rehearsal.script import Script
from agents.rehearsal.wire import Listener

_POLL = 0.02
"""Seconds until the listening thread notices that it is to stop."""


class ModelServer:
    """Serves while it is entered. Anthropic's and Gemini's base address is `url`, OpenAI's is `url` and `/v1`."""

    def __init__(self, scripts: Sequence[Script], *, log: Path | None = None, port: int = 0) -> None:
        self._calls = CallLog(log)
        self._player = Player(scripts, self._calls)
        self._port = port

    def __enter__(self) -> Self:
        self._listener = Listener(self._player, self._port)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(_POLL,), name="rehearsal")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()
        self._thread.join()

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def calls(self) -> list[Call]:
        """Every request for an answer so far, the first first."""
        return self._calls.all()
