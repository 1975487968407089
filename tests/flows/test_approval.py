"""The gate before the work: how a decision reaches it, and what each decision does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Going,
    answer,
    check,
    feature,
    flow_run,
    git,
    milestone,
    resume,
    start,
    wait_for,
    workers,
    write,
)

Unapproved = Callable[[], tuple[Missions, Data, Data]]


def test_an_approved_plan_is_not_asked_about_again_after_a_crash(new_missions: NewMissions, tmp_path: Path) -> None:
    missions, flag = new_missions(), tmp_path / "go"
    blueprint = {"milestones": [milestone("one", feature("a"))]}
    run = start(missions, blueprint, workers(a=[wait_for(flag), write("a")]))
    proposal = run.wait_for("plan_proposed")
    assert run.status()["status"] == "waiting"
    assert run.sessions() == []
    said = missions("approve", run.name[:-3], "--note", "looks right", "--max-concurrency", "1")
    assert (said.returncode, said.stdout) == (0, f"{run.name}: approve sent\n")
    run.wait_for("worker_started")
    run.process.kill()
    run.end()
    flag.touch()
    assert resume(run) == 0
    [approval] = run.events("plan_approved")
    assert (approval["plan"], approval["note"]) == (proposal["plan"], "looks right")
    assert run.events("mission_run_started")[-1]["maxConcurrency"] == 1
    assert len(run.events("plan_proposed")) == 1


def test_a_decision_is_recorded_when_the_waiting_process_is_gone(unapproved: Unapproved) -> None:
    run = start(*unapproved())
    run.wait_for("plan_proposed")
    run.process.kill()
    run.end()
    said = run.missions("approve", run.name)
    assert (said.returncode, said.stdout) == (
        0,
        f"{run.name}: approve recorded; its process is gone: go on with `mission resume {run.name}`\n",
    )
    assert resume(run) == 0
    assert len(run.events("plan_proposed")) == 1


def test_a_plan_approved_in_prefects_ui_runs_with_the_concurrency_given_there(unapproved: Unapproved) -> None:
    run = start(*unapproved())
    answer(run.wait_for("plan_proposed"), decision="approve", note="one at a time", maxConcurrency=1)
    assert run.end() == 0
    assert run.most_at_once() == 1
    [approval] = run.events("plan_approved")
    assert (approval["note"], approval["maxConcurrency"]) == ("one at a time", 1)


@pytest.mark.parametrize(
    ("word", "reason"), [("reject", "plan rejected: not now"), ("revise", "revision requested: not now")]
)
def test_a_plan_that_is_not_approved_leaves_nothing_behind(declined: dict[str, Going], word: str, reason: str) -> None:
    run = declined[word]
    assert run.process.returncode == 4
    assert (run.report()["status"], run.report()["reason"]) == ("rejected", reason)
    state = flow_run(run)["state"]
    assert (state["type"], state["message"]) == ("CANCELLED", reason)
    assert git(run.repo, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]
    assert run.leftovers() == []
    assert run.sessions() == []


def test_a_plan_that_nobody_decides_on_in_time_is_decided_on_as_declared(new_missions: NewMissions) -> None:
    terms = {"within": "1s", "otherwise": "approve"}
    contract = {"VAL-A-001": {"says": "It is there.", "check": check("test -d .")}}
    green = {"contract": contract, "milestones": [milestone("one", feature("a", fulfills=["VAL-A-001"]))]}
    red = {"milestones": [milestone("one", feature("a"))]}
    runs = [start(new_missions(), {"planApproval": terms, **what}, workers(a=[write("a")])) for what in (red, green)]
    assert [run.end() for run in runs] == [0, 4]
    [approved, rejected] = [run.events("plan_approved", "plan_rejected")[0] for run in runs]
    assert (approved["by"], rejected["by"]) == ("the time-out of 1s", "the time-out of 1s")
    assert rejected["note"].endswith("nobody accepted VAL-A-001, which passed before any work")
    assert [flow_run(run)["state"]["type"] for run in runs] == ["COMPLETED", "CANCELLED"]


def test_a_rejected_run_cannot_be_resumed(declined: dict[str, Going]) -> None:
    run = declined["reject"]
    said = run.missions("resume", run.name)
    assert (said.returncode, said.stderr) == (4, f"{run.name} is over (rejected); start a new run\n")


def test_a_run_that_waits_can_be_cancelled(unapproved: Unapproved) -> None:
    run = start(*unapproved())
    run.wait_for("plan_proposed")
    assert run.missions("cancel", run.name).returncode == 0
    assert run.end() == 4
    assert run.report()["status"] == "cancelled"
