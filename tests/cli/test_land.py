"""`mission land` of runs that cannot be landed, and words that it does not take. None of it needs Prefect."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Missions
from workspaces import git
from workspaces.mission import Mission


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    """A run that was accepted and never begun; a person and the engine are to judge it."""
    checks = [{"kind": "command", "run": "test -e work"}, {"kind": "manual", "name": "look"}]
    milestone = {"name": "one", "features": [{"id": "a", "spec": "Write a."}], "validate": checks}
    return new_mission({"validators": [], "milestones": [milestone]})


@pytest.fixture
def passed(mission: Mission, repo: Path, commit: Callable[..., str]) -> Mission:
    """The same, with a result."""
    base = mission.repository.base
    result = commit(repo, {"work": "done\n"}, on=base)
    mission.ledger.append(Kind.MISSION_RUN_STARTED, repository=str(repo), base=base, ui=None)
    mission.ledger.append(Kind.MISSION_COMPLETED, commit=result, branch=mission.branch)
    return mission


def test_a_run_that_has_not_passed_has_nothing_to_land(missions: Missions, mission: Mission) -> None:
    done = missions("land")
    assert (done.returncode, done.stderr) == (1, f"{mission.run} has not passed (running): there is nothing to land\n")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lock", "no check of an agent or a person goes by it; did you mean 'look'?"),
        ("validate-1", "the engine runs this check itself; nobody can vouch for it"),
    ],
)
def test_a_check_that_nobody_can_vouch_for_is_a_mistake_of_usage(
    missions: Missions, passed: Mission, name: str, told: str
) -> None:
    done = missions("land", passed.run, "--accept", name)
    assert (done.returncode, done.stderr) == (2, f"--accept {name}: {told}\n")


def test_what_is_not_proved_does_not_land_until_somebody_vouches_for_it(
    missions: Missions, passed: Mission, repo: Path
) -> None:
    base = git.head(repo)
    done = missions("land", "--json")
    assert (done.returncode, git.head(repo)) == (1, base)
    told = json.loads(done.stdout)
    assert told["landed"] is False
    assert told["reason"].startswith("validate-2: a person has not answered this for ")
    done = missions("land", "--accept", "look")
    assert done.returncode == 0, done.stderr
    assert "2 checks passed on exactly that commit" in done.stdout
    assert (repo / "work").exists()
    assert json.loads(passed.folder.report("json").read_text())["landing"]["branch"] == "main"
