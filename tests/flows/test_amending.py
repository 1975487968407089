"""Missions whose blueprint is changed while they are unfinished."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import LONG, Going, Run, feature, milestone, play, shell, there, workers, write

SCRIPT = workers(
    sealed=[write("sealed")],
    good=[write("good")],
    fragile=[shell("test -e mended"), write("fragile")],
    mended=[write("mended")],
    unwanted=[write("unwanted")],
)


def two(*late: Data) -> Data:
    return {"milestones": [milestone("one", feature("sealed")), milestone("two", feature("good"), *late)]}


def amended(missions: Missions, run: Run, blueprint: Data, *words: str | Path) -> Data:
    said = missions("amend", run.name, "--blueprint", missions.blueprint(blueprint, SCRIPT), "--json", *words)
    assert said.returncode == 0, said.stderr
    told: Data = json.loads(said.stdout)
    return told


def test_a_failed_mission_goes_on_with_another_blueprint_when_that_is_approved(new_missions: NewMissions) -> None:
    missions = new_missions()
    as_it_was = two(feature("fragile"), feature("unwanted"))
    run = play(missions, as_it_was, SCRIPT)
    assert (run.code, sorted(run.sessions())) == (1, ["fragile.1", "good.1", "sealed.1", "unwanted.1"])
    mended = two(feature("mended"), feature("fragile", "mended"))

    lines = run.events()
    told = amended(missions, run, mended, "--dry-run")
    assert (told["again"], told["provedAgain"], told["written"]) == (["mended", "fragile"], ["two"], False)
    assert amended(missions, run, as_it_was)["changed"] is False
    assert run.events() == lines

    path = missions.blueprint(mended, SCRIPT)
    again = Going(missions, run.name, missions.start("resume", run.name, "--blueprint", path))
    again.wait_for("plan_proposed")
    assert missions("approve", run.name).returncode == 0
    said = again.process.communicate(timeout=LONG)
    assert again.process.wait() == 0
    assert "feature unwanted removed" in said

    assert sorted(run.sessions()) == ["fragile.1", "fragile.2", "good.1", "mended.1", "sealed.1", "unwanted.1"]
    assert len(run.events("milestone_sealed", milestone="one")) == 1
    assert (run.file("fragile"), run.file("good"), run.status()["status"]) == ("done", "done", "passed")
    assert not there(run.repo, f"{run.branch}:unwanted")
    [amendment] = run.report()["amendments"]
    assert amendment["again"] == ["mended", "fragile"]
    assert run.report()["totals"]["agentRuns"] == 6
    assert missions("list").returncode == missions("logs", run.name).returncode == 0
    over = missions("amend", run.name, "--blueprint", path)
    assert (over.returncode, over.stderr) == (2, f"{run.name} is over (passed); start a new run\n")
