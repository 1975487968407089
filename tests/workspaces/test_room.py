from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from tests.accepted import NewMission
from workspaces import process
from workspaces.git import GitError
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.room import lack_of_room, pause_for_room, telling_lack_of_room
from workspaces.workplace import workplace


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def refused(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


def git_said(folder: Path, words: str) -> GitError:
    """The error of a git command that ended with these words."""
    return GitError(process.run(["sh", "-c", f"echo 'fatal: {words}' >&2; exit 128"], cwd=folder), folder)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "no space left on device; make room"),
        (errno.EDQUOT, "disk quota exceeded; make room"),
        (errno.EROFS, "read-only file system; make it writable"),
    ],
)
def test_a_lack_of_room_is_told_with_its_place_and_what_to_do(mission: Mission, number: int, told: str) -> None:
    home, root = mission.settings.home, mission.root
    for error in (refused(number, mission.folder.ledger), git_said(mission.folder.path, os.strerror(number))):
        assert str(lack_of_room(mission, error)) == f"MISSION_HOME {home}: {told}"
    for error in (refused(number, root / "x"), git_said(root, f"unable to write file x: {os.strerror(number)}")):
        assert str(lack_of_room(mission, error)).startswith(str(root))


def test_other_errors_are_none(mission: Mission) -> None:
    for error in (refused(errno.EACCES, mission.root), git_said(mission.root, "not a repository"), ValueError(), None):
        assert pause_for_room(mission, error) is None
    assert not mission.stop.is_set()


def test_a_mission_without_room_is_paused_and_says_why(mission: Mission) -> None:
    pause_for_room(mission, refused(errno.ENOSPC, mission.folder.ledger))
    assert mission.stop.is_set()
    told = f"lack of room (MISSION_HOME {mission.settings.home}: no space left on device; make room)"
    assert (mission.wished, mission.wished_by) == ("pause", told)


def test_what_a_lack_of_room_brought_down_is_one_sentence(mission: Mission) -> None:
    with pytest.raises(MissionError) as error, telling_lack_of_room(mission.folder):
        raise refused(errno.ENOSPC, mission.folder.ledger)
    home = mission.settings.home
    said = f"MISSION_HOME {home}: no space left on device; make room, then `mission resume {mission.run}`"
    assert (str(error.value), error.value.exit_code) == (said, 1)


@pytest.mark.parametrize("other", [MissionError("It is over."), ValueError("a bug")], ids=repr)
def test_what_else_went_wrong_stays_what_it_is(mission: Mission, other: Exception) -> None:
    with pytest.raises(type(other)) as error, telling_lack_of_room(mission.folder):
        raise other
    assert error.value is other


def test_work_that_could_not_be_kept_stays_until_there_is_room(mission: Mission) -> None:
    tree = mission.folder.worktrees / "a.1" / "tree"
    with (
        pytest.raises(GitError),
        workplace(mission, "a.1", mission.repository.base, branch=mission.work_branch("a.1")),
    ):
        raise git_said(tree, "No space left on device")
    assert (tree / "a.txt").exists()
    reconcile(mission)
    assert not tree.exists()
