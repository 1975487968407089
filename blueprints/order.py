"""What comes after what: names in an order in which each follows all that it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blueprints.reach import meeting

Waits = Mapping[str, Sequence[str]]
"""By name, what each waits for; all of it is among the names, and nothing waits in a circle."""


def in_order(waits: Waits) -> list[str]:
    """The names so that each comes after those it waits for, otherwise as given."""
    done: dict[str, None] = {}
    while len(done) < len(waits):
        done[next(name for name in waits if name not in done and done.keys() >= set(waits[name]))] = None
    return list(done)


def all_before(waits: Waits) -> dict[str, set[str]]:
    """By name, in order, all that it waits for, directly or not."""
    before: dict[str, set[str]] = {}
    for name in in_order(waits):
        before[name] = set(waits[name]).union(*(before[other] for other in waits[name]))
    return before


def kept_apart(waits: Waits, touches: Waits) -> dict[str, list[str]]:
    """By name, what each must wait for besides, so that no two that touch the same paths are under way together.

    It is always the later in order that waits, so nothing ever waits in a circle; and only for what it does not
    wait for already through others.
    """
    touching, before, added = meeting(touches), dict[str, set[str]](), dict[str, list[str]]()
    for name in in_order(waits):
        behind = set(waits[name]).union(*(before[other] for other in waits[name]))
        added[name] = []
        for other in reversed(before):
            if other in touching[name] and other not in behind:
                added[name].insert(0, other)
                behind |= {other, *before[other]}
        before[name] = behind
    return added
