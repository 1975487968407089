"""Whether two path patterns may be about the same file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_IN_FOLDER = re.compile(r"\[[^\]]*\]|.", re.DOTALL)


def may_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a file can match one of each; no patterns at all means every file.

    Patterns are git's globs: `*` stays within a folder, `**` does not, a folder stands for all that is in it.
    """
    return not one or not other or any(_meet(_parts(a), _parts(b)) for a in one for b in other)


def _parts(pattern: str) -> list[str]:
    """By folder. A last part without a dot may be a folder."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return parts if parts and "." in parts[-1] and not pattern.endswith("/") else [*parts, "**"]


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    return _overlap(one, other, "**", _names_meet)


def _names_meet(one: str, other: str) -> bool:
    return _overlap(_IN_FOLDER.findall(one), _IN_FOLDER.findall(other), "*", _signs_meet)


def _signs_meet(one: str, other: str) -> bool:
    """A set of signs counts as any sign."""
    return one == other or "?" in (one, other) or len(one) > 1 or len(other) > 1


def _overlap(one: Sequence[str], other: Sequence[str], star: str, fits: Callable[[str, str], bool]) -> bool:
    """Whether something matches both; `star` stands for any number of items, none included."""
    seen, ahead = set[tuple[int, int]](), [(0, 0)]
    while ahead:
        i, j = place = ahead.pop()
        if place in seen:
            continue
        seen.add(place)
        left, right = one[i : i + 1], other[j : j + 1]
        if not left and not right:
            return True
        if star in (*left, *right):
            ahead += [(i + 1, j)] * len(left) + [(i, j + 1)] * len(right)
        elif left and right and fits(left[0], right[0]):
            ahead.append((i + 1, j + 1))
    return False
