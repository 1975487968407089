"""A file in which a program keeps its conversation: what it does not print of its calls can be read there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

_LONGEST = 50_000_000
"""Bytes read at once."""


class Journal:
    """JSON lines that a program appends; each is told once. A program that keeps no such file tells nothing."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self._folder, self._pattern = folder, pattern
        self._path: Path | None = None
        self._read = 0

    def news(self) -> Iterator[dict[str, Any]]:
        """The whole lines since the last time."""
        for line in self._new_bytes().splitlines():
            try:
                found: object = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                yield cast(dict[str, Any], found)

    def _new_bytes(self) -> bytes:
        self._path = self._path or next(self._folder.glob(self._pattern), None)
        if self._path is None:
            return b""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                text = file.read(_LONGEST)
        except OSError:
            return b""
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole
