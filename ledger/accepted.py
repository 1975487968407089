"""Assertions that somebody accepted by name although they pass before any work."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.events import Event, Kind, Ledger


def accept(ledger: Ledger, names: Iterable[str], by: str) -> None:
    """Write down who accepted them."""
    for name in names:
        ledger.append(Kind.ASSERTION_ACCEPTED, assertion=name, by=by)


def not_accepted(events: Iterable[Event], names: Iterable[str]) -> list[str]:
    """Those of the assertions that nobody has accepted."""
    accepted = {event.data["assertion"] for event in events if event.kind is Kind.ASSERTION_ACCEPTED}
    return [name for name in names if name not in accepted]
