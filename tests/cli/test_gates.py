"""What a person is told about an open gate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.gates import how_to_answer
from ledger.events import Event, Kind


def told(**facts: Any) -> str:
    return how_to_answer("todo-20260101-0a1b2c", Event(Kind.PLAN_PROPOSED, "2026-01-01T00:00:00+00:00", facts))


def test_a_person_is_told_until_when_a_decision_counts_and_what_is_decided_then() -> None:
    until = datetime(2026, 1, 1, 12, 30).astimezone().timestamp()
    plain = "approve it in Prefect's UI, or with `mission approve todo-20260101-0a1b2c` (or reject, revise)"
    assert told(until=until, otherwise="reject") == f"{plain}; by 2026-01-01 12:30, else: reject"
    assert told() == plain
