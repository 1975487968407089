from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.accepted import NewMission
from workspaces import git
from workspaces.mission import Mission
from workspaces.workplace import workplace

Owner = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def test_it_is_a_clean_checkout_under_the_mission_home(mission: Mission) -> None:
    base = mission.repository.base
    with workplace(mission, "a.1", base, branch=mission.work_branch("a.1")) as workspace:
        assert workspace.path == mission.folder.worktrees / "a.1" / "tree"
        status = git.status(workspace.path)
        assert (status.head, status.branch, status.dirty) == (base, f"missions/{mission.run}/a.1", ())


def test_without_a_branch_it_is_detached(mission: Mission) -> None:
    with workplace(mission, "check", mission.repository.base) as workspace:
        assert git.status(workspace.path).branch is None


def test_nothing_of_it_is_left_afterwards(mission: Mission, owner: Owner) -> None:
    with workplace(mission, "check", mission.repository.base) as workspace:
        (workspace.path / "junk").touch()
        (workspace.path.parent / "beside").touch()
    assert not any(mission.folder.worktrees.glob("*"))
    assert len(owner(mission.root, "worktree", "list").splitlines()) == 1


def test_nothing_of_it_is_left_after_an_error(mission: Mission) -> None:
    with pytest.raises(KeyError), workplace(mission, "check", mission.repository.base):
        raise KeyError
    assert not any(mission.folder.worktrees.glob("*"))


def test_several_at_once_do_not_meet(mission: Mission) -> None:
    base = mission.repository.base
    with workplace(mission, "a.1", base) as one, workplace(mission, "b.1", base) as two:
        (one.path / "junk").touch()
        assert git.status(two.path).dirty == ()


def test_a_shared_one_is_clean_again_for_the_next_step(mission: Mission) -> None:
    base = mission.repository.base
    with workplace(mission, "a.1", base, branch="missions/x/a.1", shared=True) as first:
        (first.path / "junk").touch()
        (first.path / "a.txt").write_text("changed\n")
    with workplace(mission, "b.1", base, branch="missions/x/b.1", shared=True) as second:
        assert second.path == first.path
        assert git.status(second.path).dirty == ()


def test_a_shared_one_keeps_what_git_ignores(mission: Mission) -> None:
    base = mission.repository.base
    (mission.root / ".git" / "info" / "exclude").write_text("cache/\n")
    with workplace(mission, "a.1", base, shared=True) as first:
        (first.path / "cache").mkdir()
        (first.path / "cache" / "x").touch()
    with workplace(mission, "b.1", base, shared=True) as second:
        assert (second.path / "cache" / "x").exists()


def test_a_shared_one_is_on_no_branch_between_steps(mission: Mission) -> None:
    with workplace(mission, "a.1", mission.repository.base, branch="missions/x/a.1", shared=True) as workspace:
        pass
    assert git.status(Path(workspace.path)).branch is None
