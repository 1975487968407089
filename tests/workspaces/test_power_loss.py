"""What is left of a run in git after the power failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from ledger.events import Kind
from ledger.lease import Lease
from ledger.owner import Owner
from tests.accepted import NewMission
from tests.workspaces.test_reconcile import at_work
from workspaces import git
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.worktree import create

Commit = Callable[..., str]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def git_folder(mission: Mission) -> Path:
    return mission.root / ".git"


def stored(mission: Mission, name: str) -> Path:
    return git_folder(mission) / "objects" / name[:2] / name[2:]


def lose(mission: Mission, name: str) -> None:
    """The object's file is there, and nothing is in it."""
    stored(mission, name).chmod(0o600)
    stored(mission, name).write_bytes(b"")


def started_anew(mission: Mission) -> Lease:
    """This process owns the run, whose owner ended with the machine."""
    here = Owner.here()
    return Lease(mission.folder.path / "owner.json", here, here.model_copy(update={"boot": "former"}))


def test_steps_without_their_commit_are_done_again_and_the_others_are_not(mission: Mission, commit: Commit) -> None:
    kept, lost = (commit(mission.root, {name: "x\n"}) for name in ("kept", "lost"))
    for key, kind, data in (
        ("work", Kind.WORKER_COMPLETED, {"commitId": lost}),
        ("merge", Kind.FEATURE_INTEGRATED, {"commit": lost}),
        ("verdict", Kind.VERDICT_RECORDED, {"commit": lost}),
        ("pruned", Kind.VERDICT_RECORDED, {"commit": "0" * 39 + "1"}),
        ("before", Kind.WORKER_COMPLETED, {"commitId": kept}),
        ("witness", Kind.CHECK_WITNESSED, {"base": kept}),
    ):
        mission.ledger.append(kind, key=key, **data)
    git.update_ref(mission.root, "refs/heads/main", kept)
    lose(mission, lost)
    reconcile(mission)
    assert [key for key in ("work", "merge", "verdict", "pruned") if mission.ledger.recorded(key)] == []
    assert mission.ledger.recorded("before")
    assert mission.ledger.recorded("witness")


def test_a_sealed_milestone_without_its_commit_is_said(mission: Mission) -> None:
    gone = "0" * 39 + "1"
    mission.ledger.append(Kind.MILESTONE_SEALED, milestone="one", commit=gone, branch=mission.branch)
    with pytest.raises(MissionError, match=f"{gone}, the result of milestone one, is gone") as error:
        reconcile(mission)
    assert error.value.exit_code == 1


def test_objects_without_content_are_written_again(mission: Mission) -> None:
    (mission.root / "new").write_text("never seen before\n")
    blob = git.changes(mission.root, "HEAD", git.snapshot(mission.root, "lost"))["new"].new_blob
    lose(mission, blob)
    reconcile(mission, started_anew(mission))
    assert not stored(mission, blob).exists()
    (mission.root / "new").touch()
    assert git.read_blob(mission.root, blob_again(mission)) == b"never seen before\n"


def blob_again(mission: Mission) -> str:
    (mission.root / ".git" / "index").unlink()  # or git would trust what it staged before
    return git.changes(mission.root, "HEAD", git.snapshot(mission.root, "again"))["new"].new_blob


@pytest.mark.parametrize("left", [b"", bytes(41)], ids=["empty", "zeros"])
def test_references_and_worktrees_without_content_are_in_nobody_s_way(mission: Mission, left: bytes) -> None:
    (at_work(mission).path / "new").write_text("half\n")
    (git_folder(mission) / "worktrees" / "tree" / "commondir").write_bytes(left)
    base = mission.repository.base
    refs = [f"refs/heads/{mission.branch}", f"refs/heads/{mission.work_branch('b.1')}", mission.archive_ref("c.1")]
    for ref in refs:
        path = git_folder(mission) / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(left)
    reconcile(mission, started_anew(mission))
    assert git.changed_paths(mission.root, base, mission.archive_ref("a.1")) == ["new"]
    create(mission.root, mission.folder.worktrees / "b.1" / "tree", branch=mission.work_branch("b.1"), commit=base)
    for ref in refs:
        git.update_ref(mission.root, ref, base)


def test_stale_locks_of_the_run_s_references_are_removed_and_no_others(mission: Mission) -> None:
    refs = git_folder(mission) / "refs"
    own = [
        refs / "heads" / "mission" / f"{mission.run}.lock",
        refs / "heads" / "missions" / mission.run / "a.1.lock",
        refs / "missions" / mission.run / "milestone" / "one.lock",
    ]
    others = [refs / "heads" / "main.lock", refs / "missions" / "other-20250101-aaaaaa" / "a.1.lock"]
    for lock in (*own, *others):
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    reconcile(mission)
    assert [lock for lock in (*own, *others) if lock.exists()] == others
