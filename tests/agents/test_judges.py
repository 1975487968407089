from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.handoff import Handoff
from agents.judges import new_commit, resolved_merge
from agents.outcome import NotProvedError
from workspaces import git
from workspaces.git_command import answer
from workspaces.merge import start_conflict
from workspaces.worktree import Workspace, create

Commit = Callable[..., str]
Owner = Callable[..., str]


@pytest.fixture
def workspace(repo: Path, tmp_path: Path) -> Workspace:
    return create(repo, tmp_path / "tree", branch="work", commit=git.head(repo))


def judge(workspace: Workspace, *, allow_empty: bool = False, handoff: Handoff | None = None) -> str:
    return new_commit(workspace.base, "Title", allow_empty=allow_empty)(workspace, handoff)


def refused(workspace: Workspace, *, allow_empty: bool = False) -> str:
    with pytest.raises(NotProvedError) as error:
        judge(workspace, allow_empty=allow_empty)
    return str(error.value)


def test_a_commit_on_the_branch_is_proved(workspace: Workspace, commit: Commit) -> None:
    made = commit(workspace.path, {"new": "x"})
    assert judge(workspace) == made


def test_several_commits_are_proved_by_the_last(workspace: Workspace, commit: Commit) -> None:
    commit(workspace.path, {"new": "x"})
    last = commit(workspace.path, {"other": "x"})
    assert judge(workspace) == last


def test_what_was_left_uncommitted_is_committed(workspace: Workspace) -> None:
    (workspace.path / "new").write_text("x")
    made = judge(workspace, handoff=Handoff(salient_summary="It is there."))
    assert git.blob_at(workspace.repo, made, "new")
    assert git.parents_of(workspace.repo, made) == [workspace.base]


def test_the_message_is_title_and_summary(workspace: Workspace, owner: Owner) -> None:
    (workspace.path / "new").write_text("x")
    made = judge(workspace, handoff=Handoff(salient_summary="It is there."))
    assert owner(workspace.repo, "log", "-1", "--format=%B", made) == "Title\n\nIt is there."


def test_what_was_left_over_comes_on_top_of_what_was_committed(workspace: Workspace, commit: Commit) -> None:
    first = commit(workspace.path, {"new": "x"})
    (workspace.path / "more").write_text("x")
    assert git.parents_of(workspace.repo, judge(workspace)) == [first]


def test_no_change_is_no_work(workspace: Workspace) -> None:
    assert refused(workspace) == "no work: the agent stopped without changing anything"


def test_an_empty_commit_is_no_work(workspace: Workspace, commit: Commit) -> None:
    commit(workspace.path, {})
    assert refused(workspace) == "no work: the agent's commits change nothing"


def test_a_change_taken_back_is_no_work(workspace: Workspace, commit: Commit) -> None:
    commit(workspace.path, {"new": "x"})
    commit(workspace.path, {"new": None})
    assert "no work" in refused(workspace)


def test_ignored_files_alone_are_no_work(repo: Path, tmp_path: Path, commit: Commit) -> None:
    base = commit(repo, {".gitignore": "cache/\n"})
    workspace = create(repo, tmp_path / "tree", branch="work", commit=base)
    (workspace.path / "cache").mkdir()
    (workspace.path / "cache" / "x").touch()
    assert "no work" in refused(workspace)


def test_no_change_is_fine_where_it_is_allowed(workspace: Workspace, commit: Commit) -> None:
    assert judge(workspace, allow_empty=True) == workspace.base
    made = commit(workspace.path, {})
    assert judge(workspace, allow_empty=True) == made


def test_another_branch_is_refused(workspace: Workspace, commit: Commit, owner: Owner) -> None:
    owner(workspace.path, "checkout", "-q", "-b", "mine")
    commit(workspace.path, {"new": "x"})
    assert refused(workspace) == "the agent left its branch: it is on mine"


def test_a_detached_head_is_refused(workspace: Workspace, commit: Commit, owner: Owner) -> None:
    owner(workspace.path, "checkout", "-q", "--detach")
    commit(workspace.path, {"new": "x"})
    assert refused(workspace) == "the agent left its branch: it is on a detached HEAD"


def test_a_rewritten_base_is_refused(workspace: Workspace, owner: Owner) -> None:
    (workspace.path / "new").write_text("x")
    owner(workspace.path, "add", "-A")
    owner(workspace.path, "commit", "-q", "--amend", "-m", "amended")
    assert "is not built on its base" in refused(workspace)


def test_a_history_of_its_own_is_refused(workspace: Workspace, owner: Owner) -> None:
    made = git.commit_tree(workspace.repo, git.EMPTY_TREE, [], "alone")
    owner(workspace.path, "reset", "-q", "--hard", made)
    assert "is not built on its base" in refused(workspace, allow_empty=True)


def test_a_step_back_with_changes_is_refused(repo: Path, tmp_path: Path, commit: Commit, owner: Owner) -> None:
    tip = commit(repo, {"newer": "x"})
    workspace = create(repo, tmp_path / "tree", branch="work", commit=tip)
    owner(workspace.path, "reset", "-q", "--hard", "HEAD^")
    (workspace.path / "new").write_text("x")
    assert "is not built on its base" in refused(workspace)


def test_a_merge_left_in_the_middle_is_refused(workspace: Workspace, commit: Commit) -> None:
    theirs = commit(workspace.repo, {"a.txt": "theirs\n"})
    commit(workspace.path, {"a.txt": "mine\n"})
    start_conflict(workspace, theirs)
    assert refused(workspace) == "the agent left a merge unfinished: a.txt"


def test_a_resolved_conflict_becomes_the_engine_s_merge(repo: Path, tmp_path: Path, commit: Commit) -> None:
    ours, theirs = sides(repo, commit)
    workspace = merging(repo, tmp_path, ours, theirs)
    (workspace.path / "a.txt").write_text("one\nours\ntheirs\n")
    made = resolved_merge(ours, theirs, "Merge b")(workspace, None)
    assert git.parents_of(repo, made) == [ours, theirs]
    assert answer(repo, "log", "-1", "--format=%s", made) == "Merge b"


@pytest.mark.parametrize("text", [None, "one\nours\n", "one\ntheirs\n"], ids=["markers", "ours", "theirs"])
def test_a_conflict_that_is_not_resolved_is_refused(
    repo: Path, tmp_path: Path, commit: Commit, text: str | None
) -> None:
    ours, theirs = sides(repo, commit)
    workspace = merging(repo, tmp_path, ours, theirs)
    if text:
        (workspace.path / "a.txt").write_text(text)
    with pytest.raises(NotProvedError, match="the conflict is not resolved: "):
        resolved_merge(ours, theirs, "Merge b")(workspace, None)


def sides(repo: Path, commit: Commit) -> tuple[str, str]:
    """Two commits that add a line at the same place."""
    base = git.head(repo)
    return commit(repo, {"a.txt": "one\nours\n"}, on=base), commit(repo, {"a.txt": "one\ntheirs\n"}, on=base)


def merging(repo: Path, tmp_path: Path, ours: str, theirs: str) -> Workspace:
    workspace = create(repo, tmp_path / "merge", branch="merge", commit=ours)
    assert start_conflict(workspace, theirs) == ("a.txt",)
    return workspace
