"""What `mission status` tells besides the table. Nothing here needs Prefect."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from cli.forecast import conflicts_ahead
from ledger.events import Kind
from ledger.standing import standing
from tests.accepted import NewMission
from tests.conftest import Data, Missions
from workspaces.mission import Mission

FEATURES: Data = {"milestones": [{"name": "one", "features": [{"id": name, "spec": "Do it."} for name in "abc"]}]}


@pytest.fixture
def mission(missions: Missions, new_mission: NewMission, commit: Callable[..., str]) -> Mission:
    """All features are built, and two of them changed the same line."""
    mission = new_mission(FEATURES)
    base = mission.repository.base
    mission.ledger.append(Kind.MISSION_RUN_STARTED, repository=str(missions.repo), base=base, ui="")
    mission.ledger.append(Kind.MILESTONE_STARTED, milestone="one", base=base)
    for name, path in {"a": "same.txt", "b": "other.txt", "c": "same.txt"}.items():
        made = commit(missions.repo, {path: f"{name}\n"}, on=base)
        facts = {"role": "worker", "featureId": name, "milestone": "one", "seconds": 1.0}
        mission.ledger.append(Kind.WORKER_COMPLETED, **facts, usage=None, summary="", commitId=made)
    return mission


def test_status_tells_which_built_features_conflict(missions: Missions, mission: Mission) -> None:
    told = missions("status").stdout.splitlines()
    assert told[-1] == "a and c conflict in same.txt (1 place); it is settled when they are merged"


def test_what_was_merged_conflicts_no_more(mission: Mission) -> None:
    facts = {"featureId": "a", "commit": mission.repository.base, "how": "clean"}
    mission.ledger.append(Kind.FEATURE_INTEGRATED, milestone="one", key="merge", **facts)
    assert conflicts_ahead(standing(mission.folder)) == []


def test_where_the_repository_is_gone_nothing_is_foretold(missions: Missions, mission: Mission) -> None:
    report = standing(mission.folder)
    shutil.rmtree(missions.repo / ".git")
    assert conflicts_ahead(report) == []
    shutil.rmtree(missions.repo)
    assert conflicts_ahead(report) == []
