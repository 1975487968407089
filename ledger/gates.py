"""Questions to people, as the ledger tells of them."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder

_OPENS = (Kind.PLAN_PROPOSED, Kind.GATE_OPENED)
_CLOSES = (
    Kind.PLAN_APPROVED,
    Kind.PLAN_REJECTED,
    Kind.GATE_CLOSED,
    Kind.PLAN_AMENDED,  # what is asked about may be otherwise now
    Kind.MISSION_CANCELLED,
    Kind.MISSION_RUN_STARTED,  # a new life asks again
)


def still_open(events: Iterable[Event]) -> Event | None:
    """The last question of these events, if nothing has answered it."""
    gate: Event | None = None
    for event in events:
        if event.kind in _OPENS:
            gate = event
        elif event.kind in _CLOSES:
            gate = None
    return gate


def is_suspended(gate: Event | None) -> bool:
    """Whether no process waits for the answer: it starts one."""
    return gate is not None and gate.data.get("waits") == "suspended"


def left_waiting(folder: RunFolder) -> Event | None:
    """The question of a run that waits for its answer with no process there."""
    gate = still_open(read_events(folder.ledger))
    return gate if is_suspended(gate) and not folder.alive() else None


def alarm_of(run: str) -> str:
    """What the flow run is called that answers the run's question when nobody has in time."""
    return f"alarm {run}"
