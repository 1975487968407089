"""What work is expected to take, by what was measured."""

from __future__ import annotations

from typing import Any

from ledger.durations import Durations
from ledger.events import Event, Kind


def _event(kind: Kind, session: str, seconds: float = 0.0, **more: Any) -> Event:
    data = {"workerSessionId": session, "agent": "builder", "seconds": seconds, **more}
    return Event(kind, "2026-11-21T00:00:00.000+00:00", data)


def _done(session: str, seconds: float) -> list[Event]:
    return [_event(Kind.WORKER_STARTED, session), _event(Kind.WORKER_COMPLETED, session, seconds)]


def test_what_nobody_has_measured_is_not_guessed() -> None:
    assert Durations().attempt("a", "builder") is None
    assert Durations().round(["VAL-A-001"]) is None


def test_work_takes_what_it_took_before_and_new_work_what_its_agent_usually_takes() -> None:
    measured = Durations()
    measured.add([*_done("a.1", 10), *_done("a.2", 30), *_done("a.3", 20), *_done("b.1", 100), *_done("c.1", 40)])
    assert measured.attempt("a", "builder") == 20
    assert measured.attempt("new", "builder") == 30
    assert measured.attempt("new", "another") is None


def test_what_was_stopped_on_its_way_takes_longer_than_it_had() -> None:
    measured = Durations()
    measured.add([_event(Kind.WORKER_STARTED, "a.1"), _event(Kind.WORKER_PAUSED, "a.1", 100, status="stopped")])
    assert measured.attempt("a", "builder") == 125


def test_a_validation_takes_at_least_as_long_as_its_longest_check() -> None:
    measured = Durations()
    verdicts = [("lint", 1.0), ("tests", 50.0), ("tests", 70.0)]
    measured.add(
        Event(Kind.VERDICT_RECORDED, "2026-11-21T00:00:00.000+00:00", {"id": name, "seconds": seconds})
        for name, seconds in verdicts
    )
    assert measured.round(["lint", "tests", "new"]) == 60
