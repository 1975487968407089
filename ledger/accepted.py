"""Assertions that somebody accepted by name although they pass before any work."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.events import Event, Kind, Ledger


def accept(ledger: Ledger, names: Iterable[str], by: str) -> None:
    """Write down who accepted them."""
    for name in names:
        ledger.append(Kind.ASSERTION_ACCEPTED, assertion=name, by=by)


def not_accepted(events: Iterable[Event], names: Iterable[str]) -> list[str]:
    """Those of the assertions that nobody has accepted as they are: who accepted one knew how it was proved then."""
    accepted: set[str] = set()
    for event in events:
        if event.kind is Kind.ASSERTION_ACCEPTED:
            accepted.add(event.data["assertion"])
        elif event.kind is Kind.PLAN_AMENDED:
            accepted.difference_update(event.data["assertions"])
    return [name for name in names if name not in accepted]
