from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from workspaces import git
from workspaces.landing import land

Owner = Callable[..., str]
Commit = Callable[..., str]


@dataclass(frozen=True)
class Work:
    repo: Path
    base: str
    tip: str


@pytest.fixture
def work(repo: Path, commit: Commit) -> Work:
    """A sealed commit on top of `main`, which is checked out."""
    base = commit(repo, {".gitignore": "ignored\n"})
    return Work(repo, base, commit(repo, {"a.txt": "work\n", "new": "work\n", "sub/new": "work\n"}, on=base))


def test_checkout_moves_with_its_branch(work: Work) -> None:
    (work.repo / "unrelated").write_text("the user's own\n")
    assert land(work.repo, "main", work.base, work.tip) is None
    assert git.status(work.repo) == git.Status(work.tip, "main", (), ("unrelated",), ())
    assert (work.repo / "new").read_text() == "work\n"


def test_landing_again_is_a_success(work: Work) -> None:
    assert land(work.repo, "main", work.base, work.tip) is None
    assert land(work.repo, "main", work.base, work.tip) is None


def test_branch_that_is_not_checked_out_moves_alone(work: Work, owner: Owner) -> None:
    owner(work.repo, "checkout", "-q", "--detach")
    (work.repo / "a.txt").write_text("dirty\n")
    assert land(work.repo, "main", work.base, work.tip) is None
    assert git.resolve_branch(work.repo, "main") == work.tip
    assert git.status(work.repo).head == work.base
    assert (work.repo / "a.txt").read_text() == "dirty\n"


@pytest.mark.parametrize("staged", [False, True])
def test_dirty_checkout_refuses(work: Work, owner: Owner, staged: bool) -> None:
    (work.repo / "b/c.txt").write_text("dirty\n")
    if staged:
        owner(work.repo, "add", "-A")
    refused = land(work.repo, "main", work.base, work.tip)
    assert refused == f"{work.repo} has uncommitted changes: b/c.txt"
    assert git.resolve_branch(work.repo, "main") == work.base


@pytest.mark.parametrize("path", ["new", "sub/new"])
def test_untracked_file_is_never_overwritten(work: Work, path: str) -> None:
    (work.repo / path).parent.mkdir(exist_ok=True)
    (work.repo / path).write_text("the user's own\n")
    refused = land(work.repo, "main", work.base, work.tip)
    assert refused is not None
    assert path in refused
    assert (work.repo / path).read_text() == "the user's own\n"
    assert git.resolve_branch(work.repo, "main") == work.base


def test_ignored_file_is_never_overwritten(work: Work, owner: Owner) -> None:
    (work.repo / "ignored").write_text("the user's own\n")
    tree = owner(work.repo, "rev-parse", f"{work.tip}^{{tree}}")
    blob = owner(work.repo, "rev-parse", f"{work.tip}:a.txt")
    owner(work.repo, "read-tree", tree)
    owner(work.repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},ignored")
    tip = git.commit_tree(work.repo, git.write_tree(work.repo), [work.base], "adds an ignored file")
    owner(work.repo, "reset", "-q")
    refused = land(work.repo, "main", work.base, tip)
    assert refused is not None
    assert "ignored" in refused
    assert (work.repo / "ignored").read_text() == "the user's own\n"


def test_linked_worktree_with_the_branch_counts(work: Work, owner: Owner, tmp_path: Path) -> None:
    owner(work.repo, "checkout", "-q", "--detach")
    linked = tmp_path / "linked"
    owner(work.repo, "worktree", "add", "-q", str(linked), "main")
    (linked / "a.txt").write_text("dirty\n")
    refused = land(work.repo, "main", work.base, work.tip)
    assert refused == f"{linked} has uncommitted changes: a.txt"
    owner(linked, "checkout", "-q", "a.txt")
    assert land(work.repo, "main", work.base, work.tip) is None
    assert (linked / "new").exists()


def test_branch_that_moved_refuses(work: Work, commit: Commit) -> None:
    moved = commit(work.repo, {"b/c.txt": "the user went on\n"})
    refused = land(work.repo, "main", work.base, work.tip)
    assert refused == f"branch 'main' moved from {work.base[:10]} to {moved[:10]}"


def test_commit_that_does_not_follow_refuses(work: Work, commit: Commit) -> None:
    side = commit(work.repo, {"x": "x"}, on=f"{work.base}^")
    assert land(work.repo, "main", work.base, side) == f"{side[:10]} is not a fast-forward of 'main'"


def test_branch_that_is_gone_refuses(work: Work) -> None:
    assert land(work.repo, "nothing", work.base, work.tip) == "branch 'nothing' is gone"


def test_hooks_and_signatures_do_not_matter(work: Work, owner: Owner) -> None:
    for name in ("post-merge", "pre-merge-commit", "reference-transaction"):
        (work.repo / ".git/hooks" / name).write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        (work.repo / ".git/hooks" / name).chmod(0o755)
    owner(work.repo, "config", "merge.verifySignatures", "true")
    assert land(work.repo, "main", work.base, work.tip) is None
    assert not (work.repo / "ran").exists()


def test_branch_in_the_middle_of_a_rebase_refuses(work: Work, owner: Owner) -> None:
    owner(work.repo, "-c", "sequence.editor=sed -i 1ibreak", "rebase", "-q", "-i", "HEAD~1")
    assert land(work.repo, "main", work.base, work.tip) == "branch 'main' is being rebased"
