"""The record that `browser_player.py` leaves: what the page asked for and what it printed."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from blueprints.fields import Value


class Outcome(Value):
    """How the playing ended."""

    outcome: Literal["played", "failed", "inconclusive"]
    reason: str


class Answer(Value):
    """A request and its status, which is None when nothing came back."""

    method: str
    url: str
    path: str
    status: int | None
    ms: int

    @property
    def lines(self) -> tuple[str, str]:
        """As `network` in the blueprint writes it, with the query and without."""
        method, path = self.method, self.path
        return f"{method} {path} -> {self.status}", f"{method} {path.partition('?')[0]} -> {self.status}"


class Message(Value):
    """What the page printed in the console, or an exception it did not catch."""

    type: str
    text: str
    url: str

    @property
    def is_error(self) -> bool:
        return self.type in ("error", "uncaught") and not self._misses_the_icon

    @property
    def _misses_the_icon(self) -> bool:
        """Browsers ask each site for an icon, whether the site speaks of one or not."""
        return "Failed to load resource" in self.text and "404" in self.text and self._path == "/favicon.ico"

    @property
    def summary(self) -> str:
        """The first line; where it is about a file, with the file's path."""
        line = (self.text.strip().splitlines() or ["nothing"])[0]
        return f"{line} ({self._path})" if line.startswith("Failed to load resource") else line

    @property
    def _path(self) -> str:
        try:
            return urlsplit(self.url).path
        except ValueError:  # scripts may name themselves as they like
            return ""


@dataclass(frozen=True)
class Played:
    """The record that the player left in the evidence."""

    ending: Outcome
    network: list[Answer]
    console: list[Message]


def read(evidence: Path) -> Played | None:
    """What the player wrote, or None: it is not as agreed."""
    try:
        return Played(
            Outcome.model_validate_json((evidence / "result.json").read_bytes()),
            TypeAdapter(list[Answer]).validate_json((evidence / "network.json").read_bytes()),
            TypeAdapter(list[Message]).validate_json((evidence / "console.json").read_bytes()),
        )
    except (OSError, ValidationError):
        return None


def was_seen(answer: str, network: list[Answer]) -> bool:
    """Whether a request was answered so, `POST /api/* -> 201` for instance."""
    return bool(_matching(answer, network))


def expression(answer: str) -> str:
    """For `POST /api/* -> 201`, in which only `*` is special."""
    return fnmatch.translate(re.sub(r"[\[?]", r"[\g<0>]", answer))


def _matching(answer: str, network: list[Answer]) -> list[Answer]:
    pattern = re.compile(expression(answer))
    return [seen for seen in network if any(pattern.fullmatch(line) for line in seen.lines)]


def instead(answer: str, network: list[Answer]) -> str:
    """What was seen in place of the answer."""
    request = answer.rpartition(" -> ")[0]
    seen = sorted({str(other.status or "no answer") for other in _matching(f"{request} -> *", network)})
    return f"{answer} was not seen; " + (f"seen: {', '.join(seen)}" if seen else "there was no such request")
