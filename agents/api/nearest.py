"""Finding the place in a file that a text was meant for, so that a failed edit can be mended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_MOST_LINES = 3_000  # in longer files nothing is looked for
_MOST_WANTED = 60
_LOOKED_AT, _WORDS = 80, 16  # characters of a line, and words in them
_ALIKE = 0.5
_WORD = re.compile(r"\w+")


def nearest(text: str, wanted: str) -> str | None:
    """The lines of `text` that are most like `wanted`, with their numbers; None when nothing is like it."""
    lines, sought = text.splitlines(), wanted.strip("\n").splitlines()[:_MOST_WANTED]
    if not sought or not lines or len(lines) > _MOST_LINES:
        return None
    alike = list(_alike([_words(line) for line in lines], [_words(line) for line in sought]))
    if (best := max(alike)) < _ALIKE:
        return None
    places = [start for start, share in enumerate(alike) if share == best]
    start = max(places[:_MOST_WANTED], key=lambda place: _equal(lines[place : place + len(sought)], sought))
    return numbered(lines[start : start + len(sought)], start + 1)


def numbered(lines: Sequence[str], first: int) -> str:
    """The lines with their numbers before them."""
    return "\n".join(f"{number:6}\t{line}" for number, line in enumerate(lines, first))


def _words(line: str) -> list[str]:
    return _WORD.findall(line[:_LOOKED_AT])[:_WORDS]


def _alike(lines: Sequence[list[str]], sought: Sequence[list[str]]) -> Iterator[float]:
    """For each place the share of words in common, in whatever order.

    From one place to the next only the words of two lines change, so that all of it takes hardly longer than reading.
    """
    wanted, here = Counter(word for words in sought for word in words), Counter[str]()
    shared = there = 0
    for end, words in enumerate(lines, 1):
        for word in words:
            shared += here[word] < wanted[word]
            here[word] += 1
        there += len(words)
        if end < min(len(sought), len(lines)):
            continue
        yield 2 * shared / max(1, there + wanted.total())
        first = lines[max(0, end - len(sought))]
        for word in first:
            here[word] -= 1
            shared -= here[word] < wanted[word]
        there -= len(first)


def _equal(lines: Sequence[str], sought: Sequence[str]) -> int:
    return sum(line.strip() == wanted.strip() for line, wanted in zip(lines, sought, strict=False))
