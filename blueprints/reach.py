"""Whether two path patterns can match the same file, and who touches the same files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeVar

_T = TypeVar("_T")

_WILD = re.compile(r"[*?\[\\]")
_ITEM = re.compile(r"\\.|\[[!^]?\]?(?:\[:\w+:\]|\\.|[^\]])*\]|.", re.DOTALL)
_RANGE = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


@dataclass(frozen=True)
class _Sign:
    """One sign of a name: any of these ranges, or any but these."""

    ranges: tuple[tuple[str, str], ...] = ()
    others: bool = False

    def has(self, sign: str) -> bool:
        return any(low <= sign <= high for low, high in self.ranges) != self.others

    def meets(self, other: _Sign) -> bool:
        """What is in both starts where a range starts, right after one, or with the first sign of all."""
        ranges = [*self.ranges, *other.ranges]
        starts = {"\x01", "0", *(low for low, _ in ranges), *(_after(high) for _, high in ranges)}  # "0" is after "/"
        return any(self.has(sign) and other.has(sign) for sign in starts - {"/"})


_ANY = _Sign(others=True)
_STAR = _Sign()
"""In a name, any number of signs."""


def is_plain(pattern: str) -> bool:
    """Whether the pattern is a path and nothing else."""
    return not _WILD.search(pattern)


def meet(one: str, other: str) -> bool:
    """Whether some path matches both.

    Patterns are git's globs: `*` stays within a folder, `**` between slashes does not. A plain path stands for the
    file of that name and for all that is in the folder of that name; what has a dot in its name is taken for a file,
    unless the other is a path in it.
    """
    first, second = _beginning(one), _beginning(other)
    if not first.startswith(second) and not second.startswith(first):
        return False
    if is_plain(one) and is_plain(other):
        return f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/")
    return _overlap(_parts(one), _parts(other), "**", _names_meet)


def meeting(touches: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """By name, those others that touch what it touches; no patterns say nothing, and meet nothing."""
    names: dict[str, set[str]] = {}
    for name, patterns in touches.items():
        for pattern in patterns:
            names.setdefault(pattern, set()).add(name)
    found = {name: set[str]() for name in touches}
    for one, other in _meetings(names):
        for mine, yours in product(names[one], names[other]):
            found[mine].add(yours)
            found[yours].add(mine)
    return {name: others - {name} for name, others in found.items()}


def _meetings(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each pair that meets, and each pattern with itself. What one begins with, the other must begin with too."""
    above: list[str] = []
    for pattern in sorted(patterns, key=_beginning):
        while above and not _beginning(pattern).startswith(_beginning(above[-1])):
            above.pop()
        above.append(pattern)
        yield from ((other, pattern) for other in above if meet(other, pattern))


@lru_cache(maxsize=4096)
def _beginning(pattern: str) -> str:
    """What each match begins with."""
    path, found = "/".join(_names(pattern)), _WILD.search(pattern)
    return path if not found else path[: found.start()] if path == pattern else ""


def _names(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part not in ("", ".")]


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[str, ...]:
    """By folder; `**` is any number of them, none included. Git is not of one mind about `a**`: it counts as `**`."""
    names = ["**" if "**" in name else name for name in _names(pattern)]
    if _names(pattern)[-1:] == ["**"]:
        return (*names[:-1], "*", "**")
    if pattern.endswith("/"):
        return (*names, "*", "**")
    folder = is_plain(pattern) and not (names and "." in names[-1])
    return (*names, "**") if folder else tuple(names)


@lru_cache(maxsize=65536)
def _names_meet(one: str, other: str) -> bool:
    if is_plain(one) and is_plain(other):
        return one == other
    return _overlap(_signs(one), _signs(other), _STAR, _Sign.meets)


@lru_cache(maxsize=4096)
def _signs(name: str) -> tuple[_Sign, ...]:
    return tuple(map(_sign, _ITEM.findall(name)))


def _sign(item: str) -> _Sign:
    """A set that names a class such as `[:alpha:]`, or that has no end, counts as any sign."""
    if item == "*":
        return _STAR
    if item == "?" or item == "[" or "[:" in item:
        return _ANY
    if len(item) < 3:
        return _Sign(((item[-1], item[-1]),))
    others = item[1] in "!^"
    ranges = tuple((low, high or low) for low, high in _RANGE.findall(item[1 + others : -1]))
    return _Sign(ranges, others)


def _after(sign: str) -> str:
    return chr(min(ord(sign) + 1, 0x10FFFF))


def _overlap(one: Sequence[_T], other: Sequence[_T], star: _T, fits: Callable[[_T, _T], bool]) -> bool:
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
