"""Runs that are interrupted: agents end with them, and what was finished is not done again."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from ledger.files import write_file
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Ended,
    Going,
    alive,
    feature,
    milestone,
    play,
    resume,
    shell,
    start,
    there,
    until,
    wait_for,
    workers,
    write,
)

TWO = {"milestones": [milestone("one", feature("quick")), milestone("two", feature("slow"))]}
"""A milestone that is sealed, and one whose feature is at work when the run is interrupted."""


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """What the agent of `slow` waits for."""
    return tmp_path / "go"


@pytest.fixture
def at_work(new_missions: NewMissions, flag: Path) -> Going:
    """A run of `TWO` with the agent of `slow` at work: it has committed one file and written another."""
    first = [write("half"), {"commit": "Half of it"}, write("more"), wait_for(flag)]
    again = [shell("test ! -e half"), write("whole")]
    script = workers(quick=[write("quick")])
    script["worker"]["slow"] = [first, again]
    run = start(new_missions(), TWO, script, "--yes")
    run.wait_for("worker_started", featureId="slow")
    until(lambda: alive(flag))
    return run


def test_ctrl_c_pauses_the_run_and_ends_its_agents(at_work: Going, flag: Path) -> None:
    at_work.process.send_signal(signal.SIGINT)
    assert at_work.end() == 130
    assert not alive(flag)
    assert (at_work.status()["status"], at_work.status()["reason"]) == ("paused", "paused by SIGINT")
    assert at_work.leftovers() == []
    _finishes_without_repeating(at_work)


def test_a_killed_run_takes_its_agents_along_and_can_be_resumed(at_work: Going, flag: Path) -> None:
    at_work.process.kill()
    at_work.end()
    until(lambda: not alive(flag))
    assert at_work.status()["status"] == "paused"
    assert "its process is gone" in at_work.status()["reason"]
    _finishes_without_repeating(at_work)


def _finishes_without_repeating(run: Going) -> None:
    assert resume(run) == 0
    assert run.sessions() == ["quick.1", "slow.1", "slow.2"]
    assert len(run.events("milestone_sealed", milestone="one")) == 1
    assert (run.file("quick"), run.file("whole")) == ("done", "done")
    unfinished = run.archived()["slow.1"]
    assert (run.file("half", unfinished), run.file("more", unfinished)) == ("done", "done")
    assert run.leftovers() == []


def test_a_run_has_one_owner_and_anybody_may_cancel_it(at_work: Going, flag: Path) -> None:
    second = at_work.missions("resume", at_work.name)
    said = second.stderr.splitlines()[-1]
    assert said.startswith(f"{at_work.name} is being worked on by process {at_work.process.pid} on ")
    assert said.endswith(f" (mission run); see `mission status {at_work.name}`")
    assert second.returncode == 1
    assert at_work.missions("cancel", at_work.name).returncode == 0
    assert at_work.end() == 4
    assert not alive(flag)
    assert at_work.report()["status"] == "cancelled"
    assert at_work.leftovers() == []
    assert at_work.missions("resume", at_work.name).returncode == 4


def test_a_run_that_was_taken_over_is_written_to_no_more(at_work: Going, flag: Path) -> None:
    owner, ledger = at_work.folder / "owner.json", at_work.folder / "ledger.jsonl"
    write_file(owner, json.dumps(json.loads(owner.read_text()) | {"token": "another"}))
    before = ledger.read_bytes()
    flag.touch()
    assert at_work.end() == 1
    assert ledger.read_bytes() == before
    assert not alive(flag)


def test_pause_lets_the_running_feature_finish_and_starts_no_other(new_missions: NewMissions, flag: Path) -> None:
    missions = new_missions()
    blueprint = {"maxConcurrency": 1, "milestones": [milestone("one", feature("running"), feature("waiting"))]}
    run = start(
        missions,
        blueprint,
        workers(running=[wait_for(flag), write("running")], waiting=[write("waiting")]),
        "--yes",
    )
    run.wait_for("worker_started", featureId="running")
    assert missions("pause", run.name).returncode == 0
    flag.touch()
    assert run.end() == 130
    assert run.sessions("worker_completed") == ["running.1"]
    assert run.status()["status"] == "paused"
    assert resume(run) == 0
    assert run.sessions() == ["running.1", "waiting.1"]


def test_a_failed_run_goes_on_when_the_cause_was_mended(new_missions: NewMissions, flag: Path) -> None:
    milestones = [
        milestone("one", feature("sealed")),
        milestone("two", feature("good"), feature("fragile"), feature("after", "fragile")),
    ]
    run = play(
        new_missions(),
        {"milestones": milestones},
        workers(
            sealed=[write("sealed")],
            good=[write("good")],
            fragile=[shell(f"test -e {flag}"), write("fragile")],
            after=[write("after")],
        ),
    )
    assert run.code == 1
    flag.touch()
    assert resume(run) == 0
    assert sorted(run.sessions()) == ["after.1", "fragile.1", "fragile.2", "good.1", "sealed.1"]
    assert run.report()["reason"] == ""
    assert there(run.repo, f"{run.branch}:after")


def test_resuming_a_passed_run_does_nothing(passed: Ended) -> None:
    before = passed.events()
    said = passed.missions("resume", passed.name)
    assert (said.returncode, said.stdout) == (0, f"{passed.name} has passed already; nothing is left to do\n")
    assert passed.events() == before
