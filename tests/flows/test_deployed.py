"""Missions that a deployment started: while they wait, no process is there, and they go on by themselves."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.deployment import Hosting, deployed, nobody_is_there
from tests.flows.stage import alive, feature, milestone, until, wait_for, workers, write


@pytest.fixture
def hosting(new_missions: NewMissions) -> Hosting:
    return deployed(new_missions())


def test_a_waiting_mission_holds_no_process_and_goes_on_by_itself(
    hosting: Hosting,
) -> None:
    """For an approval, for a quota and for an answer; its worker is killed meanwhile."""
    missions = hosting.missions
    checked = milestone("one", feature("a"), checks=[{"kind": "manual", "ask": "Is it right?"}])
    exhausted = {"fault": {"kind": "exhausted", "reason": "the quota is used up", "seconds": 8}}
    script: Data = {"worker": {"a": [[exhausted], [write("a")]]}}
    with hosting.worker() as first:
        run = hosting.begin({"milestones": [checked]}, script)
        run.wait_for_state("PAUSED", "Suspended")
        first.send_signal(signal.SIGKILL)
    assert (run.status()["status"], nobody_is_there(run)) == ("waiting", True)
    with hosting.worker():
        run.resume(decision="approve", by="Ada")
        until(lambda: run.events("mission_paused"))
        run.wait_for_state("PAUSED", "Suspended")
        assert (run.lives(), nobody_is_there(run), run.status()["status"]) == (3, True, "waiting")
        [paused] = run.events("mission_paused")
        assert paused["reason"] == "parked: the quota is used up"
        assert missions("answer", "pass", run.name).returncode == 0
        run.wait_for_state("COMPLETED", "Completed")
    assert [event["by"] for event in run.events("plan_approved")] == ["Ada"]
    assert (run.lives(), run.sessions(), run.file("a")) == (4, ["a.1", "a.2"], "done")
    assert run.leftovers() == []


def test_a_mission_that_is_suspended_in_prefect_finishes_what_is_at_work_and_goes_on_when_resumed(
    hosting: Hosting, tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    script = workers(a=[wait_for(flag), write("a")], b=[write("b")])
    blueprint = {"requirePlanApproval": False, "milestones": [milestone("one", feature("a"), feature("b", "a"))]}
    with hosting.worker():
        run = hosting.begin(blueprint, script)
        until(lambda: alive(flag))
        timeout = {"pause_timeout": "2126-01-01T00:00:00Z", "pause_reschedule": True}
        state = {"type": "PAUSED", "name": "Suspended", "state_details": timeout}
        run.ask("POST", "/set_state", {"state": state})
        run.wait_for("stop_requested", by="Prefect")
        flag.touch()
        until(lambda: run.events("mission_paused"))
        until(lambda: run.ask("GET")["state"]["state_details"]["pause_key"])
        assert (nobody_is_there(run), run.sessions("worker_completed")) == (True, ["a.1"])
        run.resume()
        run.wait_for_state("COMPLETED", "Completed")
    assert (run.lives(), run.sessions()) == (2, ["a.1", "b.1"])
