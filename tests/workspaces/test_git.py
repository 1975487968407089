from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from workspaces import git
from workspaces.git import GitError, RefChange
from workspaces.process import environment, run

Owner = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def hostile(repo: Path, owner: Owner) -> Path:
    """A repository whose configuration would break or stop every commit."""
    for key, value in {
        "commit.gpgsign": "true",
        "tag.gpgsign": "true",
        "gpg.program": "false",
        "merge.ff": "only",
        "merge.autoStash": "true",
        "status.showUntrackedFiles": "no",
        "diff.noprefix": "true",
        "submodule.recurse": "true",
    }.items():
        owner(repo, "config", key, value)
    for hook in (
        "pre-commit",
        "commit-msg",
        "post-checkout",
        "post-commit",
        "reference-transaction",
        "pre-merge-commit",
    ):
        file = repo / ".git" / "hooks" / hook
        file.write_text("#!/bin/sh\nexit 1\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return repo


def test_name_resolves_to_its_commit(repo: Path, owner: Owner) -> None:
    owner(repo, "tag", "-a", "v1", "-m", "v1")
    head = owner(repo, "rev-parse", "HEAD")
    assert git.resolve(repo, "v1") == git.resolve(repo, "main") == git.head(repo) == head
    assert git.resolve(repo, "nothing") is None
    assert git.resolve(repo, "--all") is None


def test_only_a_local_branch_is_a_branch(repo: Path, owner: Owner) -> None:
    owner(repo, "tag", "v1")
    assert git.resolve_branch(repo, "main") == git.head(repo)
    assert git.resolve_branch(repo, "v1") is None
    assert git.resolve_branch(repo, "HEAD") is None


def test_commit_tells_its_parts(repo: Path, owner: Owner) -> None:
    first = git.head(repo)
    tree = git.tree_of(repo, first)
    made = git.commit_tree(repo, tree, [first], "Subject\n\nBody\n")
    assert git.parents_of(repo, made) == [first]
    assert git.parents_of(repo, first) == []
    assert owner(repo, "log", "-1", "--format=%s", made) == "Subject"
    assert git.tree_of(repo, made) == tree
    assert owner(repo, "log", "-1", "--format=%an <%ae>", made) == "Missions <missions@localhost>"


def test_ancestors_are_told_from_strangers(repo: Path, commit: Commit) -> None:
    first = git.head(repo)
    side = commit(repo, {"side": "x"}, on=first)
    tip = commit(repo, {"a.txt": "two\n"})
    assert git.is_ancestor(repo, first, tip)
    assert not git.is_ancestor(repo, tip, first)
    assert git.merge_base(repo, side, tip) == first
    with pytest.raises(GitError):
        git.is_ancestor(repo, "nothing", tip)


def test_references_change_together_or_not_at_all(repo: Path) -> None:
    head = git.head(repo)
    git.update_ref(repo, "refs/missions/r/a", head, old="")
    changes = [RefChange("refs/missions/r/b", head), RefChange("refs/missions/r/a", head, old="")]
    with pytest.raises(GitError):
        git.update_refs(repo, changes)
    assert git.refs(repo, "refs/missions/r") == {"refs/missions/r/a": head}
    git.update_refs(repo, [RefChange("refs/missions/r/b", head), RefChange("refs/missions/r/a", None, old=head)])
    assert git.refs(repo, "refs/missions") == {"refs/missions/r/b": head}


def test_reference_moves_only_from_its_expected_value(repo: Path, commit: Commit) -> None:
    first, second = git.head(repo), commit(repo, {"a.txt": "two\n"})
    git.update_ref(repo, "refs/missions/x", second)
    with pytest.raises(GitError):
        git.update_ref(repo, "refs/missions/x", first, old=first)
    with pytest.raises(GitError):
        git.delete_ref(repo, "refs/missions/x", old=first)
    git.delete_ref(repo, "refs/missions/x", old=second)
    git.delete_ref(repo, "refs/missions/x")
    assert git.refs(repo, "refs/missions") == {}


def test_status_names_what_is_changed(repo: Path, owner: Owner) -> None:
    (repo / "a.txt").write_text("changed\n")
    (repo / "new file").write_text("")
    owner(repo, "mv", "b/c.txt", "b/d.txt")
    found = git.status(repo)
    assert (found.head, found.branch) == (git.head(repo), "main")
    assert set(found.changed) == {"a.txt", "b/c.txt", "b/d.txt"}
    assert found.untracked == ("new file",)
    assert found.unmerged == ()


def test_status_of_a_detached_and_of_an_unborn_head(repo: Path, owner: Owner) -> None:
    owner(repo, "checkout", "-q", "--detach")
    assert git.status(repo).branch is None
    owner(repo, "checkout", "-q", "--orphan", "fresh")
    assert (git.status(repo).head, git.status(repo).branch) == (None, "fresh")


def test_a_snapshot_takes_everything_and_ignores_configuration(hostile: Path, owner: Owner) -> None:
    (hostile / "a.txt").unlink()
    (hostile / "neu ä").write_text("x")
    made = git.snapshot(hostile, "# Everything\n\nreally")
    assert git.parents_of(hostile, made) == [git.head(hostile)]
    assert set(git.changed_paths(hostile, f"{made}^", made)) == {"a.txt", "neu ä"}
    assert owner(hostile, "log", "-1", "--format=%B", made) == "# Everything\n\nreally"


def test_a_snapshot_moves_no_reference(repo: Path, owner: Owner) -> None:
    (repo / "a.txt").write_text("changed\n")
    before = owner(repo, "for-each-ref")
    git.snapshot(repo, "work")
    assert owner(repo, "for-each-ref") == before


def test_a_snapshot_without_changes_is_head(repo: Path) -> None:
    assert git.snapshot(repo, "nothing") == git.head(repo)


def test_a_snapshot_gets_past_the_lock_of_a_dead_process(repo: Path) -> None:
    (repo / ".git" / "index.lock").write_text("")
    (repo / "a.txt").write_text("changed\n")
    assert git.snapshot(repo, "anyway") != git.head(repo)


def test_a_snapshot_leaves_out_what_the_setup_left(repo: Path) -> None:
    (repo / "a.txt").write_text("by the setup\n")
    (repo / "b" / "c.txt").unlink()
    (repo / "built").write_text("x")
    left = git.leftovers(repo)
    assert git.snapshot(repo, "nothing", leaving=left) == git.head(repo)
    (repo / "a.txt").write_text("by the agent\n")
    (repo / "new").write_text("y")
    made = git.snapshot(repo, "work", leaving=left)
    assert git.changed_paths(repo, f"{made}^", made) == ["a.txt", "new"]


def test_paths_that_are_no_text_survive(repo: Path) -> None:
    path = os.fsdecode(b"odd-\xff.txt")
    (repo / path).write_text("x")
    made = git.snapshot(repo, "odd")
    assert git.changed_paths(repo, f"{made}^", made) == [path]
    assert git.blob_at(repo, made, path) is not None


def test_difference_of_two_commits(repo: Path, commit: Commit) -> None:
    first = git.head(repo)
    second = commit(repo, {"a.txt": "two\n", "b/c.txt": None, "[x]": "new\n"})
    changes = git.changes(repo, first, second)
    assert set(changes) == {"a.txt", "b/c.txt", "[x]"}
    assert (changes["b/c.txt"].new_mode, changes["b/c.txt"].new_blob) == ("", "")
    assert git.read_blob(repo, changes["a.txt"].new_blob) == b"two\n"
    assert git.blob_at(repo, second, "[x]") == changes["[x]"].new_blob
    assert git.blob_at(repo, second, "b/c.txt") is None


def test_binary_content_is_read_as_it_is(repo: Path, commit: Commit) -> None:
    content = bytes(range(256)) * 10
    made = commit(repo, {"bin": content})
    assert git.read_blob(repo, git.blob_at(repo, made, "bin") or "") == content


def test_agents_commit_without_an_identity_or_a_signature(repo: Path, owner: Owner) -> None:
    for key, value in {"commit.gpgsign": "true", "gpg.program": "false"}.items():
        owner(repo, "config", key, value)
    argv = ["git", "commit", "-q", "--allow-empty", "-m", "agent"]
    finished = run(argv, cwd=repo, env=environment(**git.agent_environment()))
    assert finished.ok, finished.error
    assert owner(repo, "log", "-1", "--format=%cn") == "Missions"


def test_clone_makes_a_checkout(repo: Path, tmp_path: Path) -> None:
    git.clone(str(repo), tmp_path / "home" / "clone", branch="main")
    assert git.head(tmp_path / "home" / "clone") == git.head(repo)


def test_error_says_what_was_tried_and_what_git_said(repo: Path) -> None:
    with pytest.raises(GitError, match="rev-parse --verify nothing") as caught:
        git.tree_of(repo, "nothing")
    assert caught.value.argv[0] == "git"
    assert "core.hooksPath=/dev/null" not in caught.value.argv
    assert "fatal" in caught.value.stderr
