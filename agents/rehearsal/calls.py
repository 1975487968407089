"""What was asked of the scripted model: every call in order, in memory and as JSON lines."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.rehearsal.exchange import Data, Usage


@dataclass(frozen=True)
class Call:
    """One request for an answer, and what it got."""

    api: str
    """messages, responses, chat or gemini."""
    model: str
    key: str
    """The credential as sent."""
    conversation: str
    """The same for all calls of a conversation; empty where no script answers."""
    turn: int
    step: int
    script: str
    request: Data
    """The body as sent."""
    stream: bool
    status: int
    """HTTP status; 0 if nothing was sent."""
    fault: str | None = None
    """Kind of the scripted fault."""
    usage: Usage | None = None


class CallLog:
    """Holds the calls; with a path, each is a line of that file before its client gets the first byte."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            if self._path:
                with self._path.open("a") as file:
                    file.write(json.dumps(asdict(call)) + "\n")

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)
