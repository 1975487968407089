"""What droid keeps in its folder and does not print: the tokens it used so far, and what it tried again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.cli.json_fields import inside, number

_LONGEST = 200_000
"""Bytes of its log that are read at once."""
_RETRY = re.compile(r"\[(?P<at>[^\]\n]+)\] WARN: Retry attempt failed(?:[^\n]*\n)+?Error: (?P<reason>[^\n]+)")
_KEPT = {
    "input": "inputTokens",
    "cacheRead": "cacheReadTokens",
    "cacheWrite": "cacheCreationTokens",
    "output": "outputTokens",
}


class DroidFolder:
    """Read during one run."""

    def __init__(self, home: Path) -> None:
        self._sessions = home / ".factory" / "sessions"
        self._log = home / ".factory" / "logs" / "droid-log-single.log"
        self._used: dict[str, float] = {}
        self._heard = 0.0

    def progressed(self, at: float) -> None:
        """It went on at that time, in seconds since the epoch: what its log says of before is overcome."""
        self._heard = max(self._heard, at)

    def trouble(self) -> str:
        """What it tried again last, since it progressed; empty when nothing."""
        if not self._log.is_file():
            return ""
        with self._log.open("rb") as file:
            file.seek(max(0, self._log.stat().st_size - _LONGEST))
            found = list(_RETRY.finditer(file.read(_LONGEST).decode(errors="replace")))
        return found[-1]["reason"] if found and _seconds(found[-1]["at"]) > self._heard else ""

    def added(self, session: str) -> dict[str, float]:
        """Tokens used since the last look."""
        usage = inside(self._settings(session), "tokenUsage")
        kept, before = {ours: number(usage, theirs) for ours, theirs in _KEPT.items()}, self._used
        if any(kept[kind] < before.get(kind, 0) for kind in kept):  # the file was just being written
            return dict.fromkeys(kept, 0)
        self._used = kept
        return {kind: kept[kind] - before.get(kind, 0) for kind in kept}

    def _settings(self, session: str) -> Mapping[str, Any]:
        path = next(self._sessions.glob(f"*/{session}.settings.json"), None)
        try:
            return inside({"": json.loads(path.read_bytes()) if path and session else {}}, "")
        except (OSError, ValueError):
            return {}


def _seconds(written: str) -> float:
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return 0.0
