"""The smallest set of features that break a check together, found with as few trials as can be."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

Subset = frozenset[str]
Search = Generator[Subset, bool, tuple[str, ...]]
"""Yields a set of features to try, is sent whether the check breaks with it, and returns the smallest set found."""


def smallest_breaking_set(
    known: Sequence[str],
    others: Sequence[str],
    breaks: Callable[[Subset], bool],
    possible: Callable[[Subset], bool] = lambda _: True,
) -> tuple[str, ...]:
    """The set that `search` finds when `breaks` tells of each subset whether the check breaks with it."""
    going = search(known, others, possible)
    try:
        subset = next(going)
        while True:
            subset = going.send(breaks(subset))
    except StopIteration as end:
        found: tuple[str, ...] = end.value
        return found


def search(known: Sequence[str], others: Sequence[str], possible: Callable[[Subset], bool]) -> Search:
    """Find the smallest set that breaks. `known` belong to it for certain; with all `others` they do break.

    `others` are in merge order. With one feature known, a pair takes at most ⌈log2 n⌉ + 1 trials and one that
    confirms it, `n` counting all features; with none known, ⌈log2 n⌉ more; and each further member as many again.
    What is returned was tried, unless it is everything. If whatever is added to a set that breaks leaves it broken,
    no feature can be taken away; if not, it breaks all the same. Sets that are not `possible`, as they do not
    merge, are never tried: what stands in the way of others is added last, and all of it together.
    """
    found, rest = tuple(known), tuple(others)
    while rest:
        if found and possible(frozenset(found)) and (yield frozenset(found)):
            break
        steps = _steps(found, rest, possible)
        number = yield from _first_that_breaks(found, steps)
        found, rest = (*found, *steps[number]), _joined(steps[:number])
    return found


def _steps(found: Sequence[str], rest: Sequence[str], possible: Callable[[Subset], bool]) -> list[tuple[str, ...]]:
    """`rest` in the steps by which it can be merged to `found`, one after another; last, what stands in the way."""
    alone, left = list[str](), list[str]()
    for name in rest:
        (alone if possible(frozenset((*found, *alone, name))) else left).append(name)
    return [*((name,) for name in alone), *([tuple(left)] if left else [])]


def _first_that_breaks(found: Sequence[str], steps: Sequence[tuple[str, ...]]) -> Generator[Subset, bool, int]:
    """The number of a step with which `found` and all steps before it break, and without which they do not."""
    low, high = -1, len(steps) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if (yield frozenset((*found, *_joined(steps[: middle + 1])))):
            high = middle
        else:
            low = middle
    return high


def _joined(steps: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(name for step in steps for name in step)
