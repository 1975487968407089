"""A run taken up after its process was killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.accepted import NewMission
from workspaces import git
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.worktree import Workspace, create

Owner = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def at_work(mission: Mission, session: str = "a.1") -> Workspace:
    """The workspace of an attempt whose process is gone."""
    tree = mission.folder.worktrees / session / "tree"
    return create(mission.root, tree, branch=mission.work_branch(session), commit=mission.repository.base)


def archived(mission: Mission, session: str = "a.1") -> str | None:
    return git.resolve(mission.root, mission.archive_ref(session))


def nothing_left(mission: Mission, owner: Owner) -> bool:
    branches = git.refs(mission.root, f"refs/heads/missions/{mission.run}")
    worktrees = owner(mission.root, "worktree", "list").splitlines()
    return not branches and len(worktrees) == 1 and not any(mission.folder.worktrees.glob("*"))


def test_a_run_that_left_nothing_stays_as_it_is(mission: Mission, owner: Owner) -> None:
    before = owner(mission.root, "show-ref")
    reconcile(mission)
    assert owner(mission.root, "show-ref") == before


def test_uncommitted_work_is_archived(mission: Mission, owner: Owner) -> None:
    (at_work(mission).path / "new").write_text("half\n")
    reconcile(mission)
    assert nothing_left(mission, owner)
    assert git.changed_paths(mission.root, mission.repository.base, str(archived(mission))) == ["new"]


def test_committed_work_is_archived(mission: Mission, owner: Owner, commit: Commit) -> None:
    made = commit(at_work(mission).path, {"new": "whole\n"})
    reconcile(mission)
    assert nothing_left(mission, owner)
    assert archived(mission) == made


def test_committed_work_without_its_folder_is_archived(mission: Mission, owner: Owner, commit: Commit) -> None:
    workspace = at_work(mission)
    made = commit(workspace.path, {"new": "whole\n"})
    shutil.rmtree(workspace.path.parent)
    owner(mission.root, "worktree", "prune")
    reconcile(mission)
    assert nothing_left(mission, owner)
    assert archived(mission) == made


def test_a_folder_that_git_does_not_know_is_removed(mission: Mission, owner: Owner) -> None:
    (mission.folder.worktrees / "a.1" / "tree").mkdir(parents=True)
    (mission.folder.worktrees / "a.1" / "prompt.md").touch()
    reconcile(mission)
    assert nothing_left(mission, owner)


def test_a_workspace_whose_git_file_leads_nowhere_is_removed(mission: Mission, owner: Owner) -> None:
    (at_work(mission).path / ".git").write_text("gitdir: /nowhere\n")
    reconcile(mission)
    assert not any(mission.folder.worktrees.glob("*"))
    assert git.refs(mission.root, f"refs/heads/missions/{mission.run}") == {}


def test_a_workspace_with_a_repository_of_the_agent_s_own_is_removed(mission: Mission, owner: Owner) -> None:
    workspace = at_work(mission)
    (workspace.path / ".git").unlink()
    owner(workspace.path, "init", "-q")
    reconcile(mission)
    assert nothing_left(mission, owner)


def test_a_proved_commit_stays_archived(mission: Mission, owner: Owner, commit: Commit) -> None:
    workspace = at_work(mission)
    proved = commit(workspace.path, {"new": "whole\n"})
    git.update_ref(mission.root, mission.archive_ref("a.1"), proved)
    owner(workspace.path, "reset", "-q", "--hard", mission.repository.base)
    (workspace.path / "late").write_text("x\n")
    reconcile(mission)
    assert nothing_left(mission, owner)
    assert archived(mission) == proved


def test_work_on_top_of_what_is_archived_is_archived_too(mission: Mission, commit: Commit) -> None:
    workspace = at_work(mission)
    first = commit(workspace.path, {"new": "whole\n"})
    git.update_ref(mission.root, mission.archive_ref("a.1"), first)
    later = commit(workspace.path, {"more": "x\n"})
    reconcile(mission)
    assert archived(mission) == later


def test_a_checkout_of_a_check_is_removed(mission: Mission, owner: Owner) -> None:
    tree = mission.folder.worktrees / "check.one.validate-1.1" / "tree"
    create(mission.root, tree, branch=None, commit=mission.repository.base)
    reconcile(mission)
    assert nothing_left(mission, owner)


def test_several_leftovers_are_cleared(mission: Mission, owner: Owner, commit: Commit) -> None:
    made = {
        session: commit(at_work(mission, session).path, {session: "x"}) for session in ("a.1", "b.2", "integrator.b.1")
    }
    reconcile(mission)
    assert nothing_left(mission, owner)
    assert {session: archived(mission, session) for session in made} == made


def test_what_belongs_to_another_run_is_left_alone(new_mission: NewMission, mission: Mission) -> None:
    other = new_mission()
    workspace = at_work(other)
    reconcile(mission)
    assert workspace.path.exists()
    assert git.resolve_branch(other.root, other.work_branch("a.1"))


def test_it_can_be_done_again(mission: Mission, owner: Owner) -> None:
    (at_work(mission).path / "new").write_text("half\n")
    reconcile(mission)
    before = archived(mission)
    reconcile(mission)
    assert archived(mission) == before
    assert nothing_left(mission, owner)


def test_the_user_s_checkout_is_untouched(mission: Mission, owner: Owner, repo: Path) -> None:
    (repo / "a.txt").write_text("mine\n")
    (at_work(mission).path / "a.txt").write_text("theirs\n")
    reconcile(mission)
    assert (repo / "a.txt").read_text() == "mine\n"
    assert owner(repo, "status", "--porcelain") == "M a.txt"
