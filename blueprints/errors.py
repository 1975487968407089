"""The one error a user can cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_LISTED = 12
"""Most known words an error lists."""
_LONGEST = 2000
"""Most characters of a problem: names in it may be as long as the file."""


class MissionError(Exception):
    """Something the user can put right. The text names the thing, the place and the next step.

    `exit_code` follows the command line's table: 2 usage or blueprint, 1 a mission that cannot go on,
    4 rejected or cancelled, 5 waiting for a decision.
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a blueprint: where it is, what it is and what to do."""

    file: str
    """The file as the user named it, or `--set KEY`."""
    line: int
    """From 1; 0 where a file has no lines."""
    path: str
    """Such as `milestones[1].features[0].agent`; empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return one_line(": ".join(filter(None, [place, self.path, self.message])))[:_LONGEST]


class BlueprintError(MissionError):
    """All mistakes in a blueprint, a line each, in the order of their lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(map(str, self.problems)))


def one_line(text: str) -> str:
    """`text` with what does not print, line ends above all, spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def suggest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown `word`: the nearest known one, or all of them."""
    words = sorted(known)
    near = get_close_matches(word[:100], words, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if not words:
        return "none is defined"
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return f"known: {', '.join(words[:_LISTED])}{more}"
