"""Integration by code: two commits become one, and a conflict that an agent resolved is checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workspaces import git
from workspaces.git_command import GitError
from workspaces.git_command import git as run_git
from workspaces.patches import lost_patches
from workspaces.resolution import Sides, remaining_markers
from workspaces.worktree import Workspace


@dataclass(frozen=True)
class Merged:
    """Two commits in one."""

    commit: str


@dataclass(frozen=True)
class Conflict:
    """Two commits that git cannot make one."""

    paths: tuple[str, ...]
    messages: tuple[str, ...]  # git's words about them


def merge(repo: Path, ours: str, theirs: str, message: str) -> Merged | Conflict:
    """Merge `theirs` into `ours` without a checkout: a merge commit of both, never a fast-forward.

    What is in `ours` already merges as nothing: the commit is `ours`. No reference moves.
    """
    result = git.merge_tree(repo, ours, theirs)
    if not result.clean:
        return Conflict(result.conflicts, result.messages)
    if result.tree == git.tree_of(repo, ours) and git.is_ancestor(repo, theirs, ours):
        return Merged(ours)
    return Merged(git.commit_tree(repo, result.tree, [ours, theirs], message))


def start_conflict(workspace: Workspace, theirs: str) -> tuple[str, ...]:
    """Begin to merge `theirs` in a workspace and leave it so, for an agent; the paths in conflict.

    The markers show the common ancestor too, and name `theirs` by a reference that points at it.
    """
    style = ("merge.conflictStyle=zdiff3",)
    words = ("merge", "-q", "--no-ff", "--no-commit", "--no-stat", "--no-verify-signatures", "--no-autostash")
    name = _reference_to(workspace.path, theirs) or theirs
    merged = run_git(workspace.path, *words, name, config=style, fine=(0, 1))
    conflicts = git.status(workspace.path).unmerged
    if merged.exit_code and not conflicts:
        raise GitError(merged, workspace.path)
    return conflicts


def _reference_to(repo: Path, commit: str) -> str | None:
    words = ("for-each-ref", "--points-at", commit, "--format=%(refname)", "--count=1")
    return run_git(repo, *words, "refs/missions", "refs/heads").output.strip() or None


def check_resolution(
    workspace: Workspace, ours: str, theirs: str, *, labels: tuple[str, str] = ("ours", "theirs")
) -> list[str]:
    """What is still wrong with the merge in a workspace; nothing, when an agent resolved it well.

    Stages everything first, so that a resolved file counts whether the agent staged it or not. Then it looks
    for conflict markers (`markers: …`, see `resolution`) and lost patches (`lost: …`, see `patches`).
    """
    git.stage_all(workspace.path, leaving=workspace.leftovers)
    sides = Sides.of(workspace.path, ours, theirs, git.write_tree(workspace.path))
    return [*remaining_markers(sides), *lost_patches(sides, labels)]


def conclude(workspace: Workspace, ours: str, theirs: str, message: str) -> str:
    """The engine's own merge commit of exactly `ours` and `theirs`, from what the workspace holds.

    The workspace's branch is set to it, whether or not the agent committed, and wherever.
    """
    git.stage_all(workspace.path, leaving=workspace.leftovers)
    commit = git.commit_tree(workspace.path, git.write_tree(workspace.path), [ours, theirs], message)
    if workspace.branch:
        run_git(workspace.path, "symbolic-ref", "HEAD", f"refs/heads/{workspace.branch}")
    run_git(workspace.path, "reset", "-q", commit)  # also ends the merge that was begun
    return commit
