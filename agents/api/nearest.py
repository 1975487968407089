"""Finding the place in a file that a text was meant for, so that a failed edit can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

_MOST_LINES = 3_000  # comparing costs time; in longer files nothing is looked for
_MOST_WANTED = 60
_ALIKE = 0.5


def nearest(text: str, wanted: str) -> str | None:
    """The lines of `text` that are most like `wanted`, with their numbers; None when nothing is like it."""
    lines, sought = text.splitlines(), wanted.strip("\n").splitlines()[:_MOST_WANTED]
    if not sought or not lines or len(lines) > _MOST_LINES:
        return None
    start = max(range(len(lines)), key=lambda index: _shared(lines[index : index + len(sought)], sought))
    found = lines[start : start + len(sought)]
    if SequenceMatcher(None, "\n".join(found), "\n".join(sought), autojunk=False).ratio() < _ALIKE:
        return None
    return numbered(found, start + 1)


def numbered(lines: Sequence[str], first: int) -> str:
    """The lines with their numbers before them."""
    return "\n".join(f"{number:6}\t{line}" for number, line in enumerate(lines, first))


def _shared(lines: Sequence[str], sought: Sequence[str]) -> float:
    """How much of each line is found where it would have to be."""
    return sum(_alike(line.strip(), wanted.strip()) for line, wanted in zip(lines, sought, strict=False))


def _alike(line: str, wanted: str) -> float:
    if line == wanted:
        return 1.0
    matcher = SequenceMatcher(None, line, wanted, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE else 0.0
