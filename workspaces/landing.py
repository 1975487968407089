"""`poc` mode: a sealed milestone moves the base branch, or says why it does not."""

from __future__ import annotations

from pathlib import Path

from workspaces.git import is_ancestor, resolve_branch, status, update_ref
from workspaces.git_command import GitError, git
from workspaces.worktree import git_directory, lock


def land(repo: Path, branch: str, expected: str, commit: str) -> str | None:
    """Fast-forward `branch` from `expected` to `commit`; the reason when that is refused.

    A checkout that has the branch is updated with it: only if nothing that git tracks is changed there, and
    never over an untracked or ignored file. A branch that is there already is a success.
    """
    now = resolve_branch(repo, branch)
    if now == commit:
        return None
    if now is None:
        return f"branch '{branch}' is gone"
    if now != expected:
        return f"branch '{branch}' moved from {expected[:10]} to {now[:10]}"
    if not is_ancestor(repo, now, commit):
        return f"{commit[:10]} is not a fast-forward of '{branch}'"
    if reason := hindrance(repo, branch):
        return reason
    checkouts = _checkouts(repo, branch)
    return _in_checkout(checkouts[0], commit) if checkouts else _reference(repo, branch, expected, commit)


def hindrance(repo: Path, branch: str) -> str | None:
    """Why `branch` cannot be moved now, wherever to: what is being done with it, or changed in its checkout."""
    if _is_being_rebased(git_directory(repo), branch):
        return f"branch '{branch}' is being rebased"
    checkouts = _checkouts(repo, branch)
    if len(checkouts) > 1:
        return f"branch '{branch}' is checked out more than once: {', '.join(map(str, checkouts))}"
    found = [(checkout, status(checkout)) for checkout in checkouts]
    for checkout, seen in found:
        if changed := (*seen.unmerged, *seen.changed):
            return f"{checkout} has uncommitted changes: {_some(changed)}"
    return None


def _is_being_rebased(git_dir: Path, branch: str) -> bool:
    names = [*git_dir.glob("rebase-*/head-name"), *git_dir.glob("worktrees/*/rebase-*/head-name")]
    return any(name.read_text().strip() == f"refs/heads/{branch}" for name in names)


def _checkouts(repo: Path, branch: str) -> list[Path]:
    with lock(git_directory(repo)):
        entries = git(repo, "worktree", "list", "--porcelain", "-z").output.split("\0\0")
    found = (entry.strip("\0").split("\0") for entry in entries)
    folders = [Path(e[0].removeprefix("worktree ")) for e in found if f"branch refs/heads/{branch}" in e]
    return [folder for folder in folders if folder.exists()]


def _in_checkout(checkout: Path, commit: str) -> str | None:
    quiet = ("-q", "--no-stat", "--no-autostash", "--no-verify-signatures", "--no-overwrite-ignore")
    try:
        git(checkout, "merge", "--ff-only", *quiet, commit)
    except GitError as error:
        return f"{checkout} cannot be updated: {error.stderr}"
    return None


def _reference(repo: Path, branch: str, expected: str, commit: str) -> str | None:
    try:
        update_ref(repo, f"refs/heads/{branch}", commit, old=expected)
    except GitError as error:
        return f"branch '{branch}' cannot be moved: {error.stderr}"
    return None


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return ", ".join(paths[:5]) + more
