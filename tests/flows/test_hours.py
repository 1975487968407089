"""Missions that work only within their hours. The clock of the hours is the test's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledger.events import Kind, Ledger
from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, alive, feature, milestone, start, touch, until, wait_for, workers, write

NIGHT = {"timezone": "Europe/Berlin", "window": "22:00-06:30"}


@dataclass(frozen=True)
class Clock:
    """What the hours of a mission are told by."""

    file: Path

    def show(self, local: str) -> None:
        """Go on from this time in Berlin."""
        moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        written = self.file.with_suffix(".new")
        written.write_text(str(moment - time.time()))
        written.replace(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def begin(new_missions: NewMissions, clock: Clock) -> Callable[..., Going]:
    def make(schedule: Data, script: Data, *features: Data, at: str, **more: object) -> Going:
        clock.show(at)
        missions = new_missions()
        missions.variables["MISSION_TEST_CLOCK"] = str(clock.file)
        blueprint = {"schedule": schedule, "milestones": [milestone("one", *features)], **more}
        return start(missions, blueprint, script)

    return make


def test_a_mission_parks_at_the_end_of_its_window_and_goes_on_in_the_next(
    begin: Callable[..., Going], clock: Clock, tmp_path: Path
) -> None:
    """It is approved in the afternoon; the night of the change to summer time is its first."""
    begun, go = tmp_path / "begun", tmp_path / "go"
    script = workers(a=[write("a")], b=[touch(begun), wait_for(go), write("b")])
    run = begin(NIGHT, script, feature("a"), feature("b", "a"), at="2026-03-28 16:00")
    run.wait_for("plan_proposed")
    assert run.missions("approve", run.name).returncode == 0
    evening = run.wait_for("mission_paused")
    assert (evening["until"], run.sessions()) == (_moment("2026-03-28 22:00"), [])
    assert "parked by its window 22:00-06:30 Europe/Berlin; it goes on at 2026-03-28 21:00 UTC" in evening["reason"]
    clock.show("2026-03-28 22:00")
    until(begun.exists)
    clock.show("2026-03-29 06:30")
    until(lambda: len(run.events("mission_paused")) == 2)
    morning = run.events("mission_paused")[1]
    assert (morning["until"], run.sessions("worker_paused")) == (_moment("2026-03-29 22:00"), ["b.1"])
    assert not alive(go)
    [item] = _inbox(run)["unfinished"]
    assert (item["run"], item["status"]) == (run.name, "paused")
    go.touch()
    clock.show("2026-03-29 22:00")
    assert run.end() == 0
    assert run.sessions("worker_completed") == ["a.1", "b.2"]
    assert [ended["result"].split()[0] for ended in _inbox(run)["ended"]] == [run.branch]


def test_nothing_is_begun_that_would_not_end_in_time(begin: Callable[..., Going], clock: Clock) -> None:
    """A former run measured it; what nobody measured, another agent's work, is begun."""
    agents = {name: {"kind": "scripted", "script": "script.yaml", "retries": 0} for name in ("player", "other")}
    more: Data = {"agents": agents, "roles": {"worker": "other"}}
    features = [feature("a", agent="player"), feature("b", agent="other")]
    run = begin(NIGHT, workers(a=[write("a")], b=[write("b")]), *features, at="2026-11-21 06:00", **more)
    _measured(run.missions.home, "player", seconds=3600.0)
    run.wait_for("plan_proposed")
    assert run.missions("approve", run.name).returncode == 0
    paused = run.wait_for("mission_paused")
    assert (paused["until"], run.sessions()) == (_moment("2026-11-21 22:00"), ["b.1"])
    assert "parked by its window 22:00-06:30 Europe/Berlin; a takes 1 h 00 min; it goes on at" in paused["reason"]
    clock.show("2026-11-21 22:00")
    assert run.end() == 0
    assert run.sessions("worker_completed") == ["b.1", "a.1"]


def test_what_takes_longer_than_the_window_waits_for_a_person(begin: Callable[..., Going]) -> None:
    run = begin(NIGHT, workers(a=[write("a")]), feature("a"), at="2026-11-20 23:00")
    _measured(run.missions.home, "player", seconds=9 * 3600.0)
    run.wait_for("plan_proposed")
    assert run.missions("approve", run.name).returncode == 0
    assert run.end() == 130
    [paused] = run.events("mission_paused")
    assert (paused["until"], run.sessions()) == (None, [])
    assert paused["reason"].endswith("a takes 9 h 00 min, longer than that: widen the window, or split the work")


def _measured(home: Path, agent: str, *, seconds: float) -> None:
    """As if a former run of the mission had been here."""
    folder = home / "runs" / "demo-20260101-abcdef"
    folder.mkdir()
    ledger, attempt = Ledger(folder / "ledger.jsonl"), {"workerSessionId": "former.1", "agent": agent}
    ledger.append(Kind.WORKER_STARTED, **attempt)
    ledger.append(Kind.WORKER_COMPLETED, **attempt, seconds=seconds)


@pytest.mark.parametrize("expires", ["2026-12-31", "2026-01-01"])
def test_a_plan_approved_in_advance_needs_nobody_until_the_approval_expires(
    begin: Callable[..., Going], expires: str
) -> None:
    schedule = {"approve": {"by": "Ada", "expires": expires, "maxFeatures": 1}}
    run = begin(schedule, workers(a=[write("a")]), feature("a"), at="2026-11-20 23:00")
    if expires > "2026-11-20":
        assert run.end() == 0
        assert [event["by"] for event in run.events("plan_approved")] == [f"Ada, in advance and until {expires}"]
        assert not run.events("plan_proposed")
        return
    asked = run.wait_for("plan_proposed")
    [question] = _inbox(run)["waiting"]
    assert (question["run"], question["since"]) == (run.name, asked["timestamp"])
    assert run.missions("reject", run.name).returncode == 0
    assert run.end() == 4


def _inbox(run: Going) -> Data:
    told: Data = json.loads(run.missions("inbox", "--json").stdout)
    return told


def _moment(local: str) -> float:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
