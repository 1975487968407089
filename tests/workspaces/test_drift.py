"""Whether the base branch has moved since the run began, other than by the run's own landings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.events import Kind
from tests.accepted import NewMission
from workspaces import git
from workspaces.drift import note_drift
from workspaces.mission import Mission

Owner = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def noted(mission: Mission, result: str | None = None) -> list[tuple[str | None, int | None]]:
    """Where the branch had gone, and by how many commits."""
    note_drift(mission, result)
    events = [event.data for event in mission.ledger.events if event.kind is Kind.BASE_MOVED]
    assert all((data["branch"], data["base"]) == ("main", mission.repository.base) for data in events)
    return [(data["tip"], data["commits"]) for data in events]


def test_a_branch_that_moved_is_noted_once_for_each_place(mission: Mission, repo: Path, commit: Commit) -> None:
    assert noted(mission) == []
    commit(repo, {"x": "1"})
    first = commit(repo, {"x": "2"})
    assert noted(mission) == noted(mission) == [(first, 2)]
    second = commit(repo, {"x": "3"})
    assert noted(mission) == [(first, 2), (second, 3)]


def test_a_branch_that_was_rewritten_has_no_distance(mission: Mission, repo: Path, owner: Owner) -> None:
    other = owner(repo, "commit-tree", "main^{tree}", "-m", "Another start")
    git.update_ref(repo, "refs/heads/main", other)
    assert noted(mission) == [(other, None)]


def test_a_branch_that_is_gone_is_nowhere(mission: Mission, repo: Path) -> None:
    git.delete_ref(repo, "refs/heads/main")
    assert noted(mission) == [(None, None)]


def test_what_the_run_landed_itself_is_no_drift(mission: Mission, repo: Path, commit: Commit) -> None:
    own = commit(repo, {"x": "1"})
    facts = {"branch": "main", "commit": own, "onto": mission.repository.base, "merged": False}
    mission.ledger.append(Kind.RESULT_LANDED, **facts)
    assert noted(mission) == []


def test_a_branch_that_holds_the_result_is_no_matter(mission: Mission, repo: Path, commit: Commit) -> None:
    result = commit(repo, {"x": "1"})
    commit(repo, {"x": "2"})
    assert noted(mission, result) == []
