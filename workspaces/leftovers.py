"""Worktrees, work branches and git's records of them that a run left: archived, then removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from workspaces import git
from workspaces.git_command import answer
from workspaces.git_command import git as run_git
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.removal import Item, Step, Survey, What, gone, size_of, total
from workspaces.worktree import Workspace, git_directory, is_intact, lock, remove

_ARCHIVED = "archived"  # a file beside a checkout whose content is: what a crash left of it may go


@dataclass(frozen=True)
class Checkout:
    """What git remembers of a checkout; the folder may be gone."""

    path: Path
    head: str | None
    branch: str | None  # the whole reference; None: on no branch


def worktrees(mission: Mission, clear: Callable[[], object] | None = None) -> Survey:
    """Worktrees and work branches: all go or none. `clear` archives and removes them, else that is done here."""
    items = (*_worktrees(mission), *_branches(mission))
    if not items:
        return Survey()
    if why := _obstacle(mission):
        return Survey(stays=tuple(replace(item, why=why) for item in items))
    return Survey(steps=(Step(items, clear or partial(_archive_and_clear, mission)),))


def records(mission: Mission) -> Survey:
    """What git remembers of worktrees whose folders are gone."""
    why = "the folder is gone, and git still remembers it; its commit is archived unless a reference leads to it"
    forgotten = [checkout for checkout in _checkouts(mission.root) if _is_ours(mission, checkout)]
    return total(
        gone(What.RECORD, str(checkout.path), why, partial(_forget, mission, checkout))
        for checkout in forgotten
        if not checkout.path.exists()
    )


def _worktrees(mission: Mission) -> list[Item]:
    folders = sorted(mission.folder.worktrees.glob("*"))
    return [Item(What.WORKTREE, str(path), _why(mission, path.name), size_of(path)) for path in folders]


def _why(mission: Mission, session: str) -> str:
    if _of_a_check(session):
        return "a check looked at a commit in it; nobody worked there"
    return f"the run is not at work; what is in it is first archived as {mission.archive_ref(session)}"


def _branches(mission: Mission) -> list[Item]:
    found = git.refs(mission.root, f"refs/heads/missions/{mission.run}")
    why = "an attempt's branch while it lasted; its commit is first archived under refs/missions/"
    return [Item(What.BRANCH, ref, why) for ref in found]


def _obstacle(mission: Mission) -> str | None:
    """Why nothing of it can go."""
    own = f"refs/heads/missions/{mission.run}/"
    for checkout in _checkouts(mission.root):
        if checkout.branch and checkout.branch.startswith(own) and not _is_ours(mission, checkout):
            return f"{checkout.path} has {checkout.branch} checked out"
    for room in sorted(mission.folder.worktrees.glob("*")):
        if not _can_be_archived(mission, room):
            return f"what is in {room} cannot be archived: git does not know it as a checkout; look at it and remove it"
    return None


def _can_be_archived(mission: Mission, room: Path) -> bool:
    tree = room / "tree"
    return (
        _of_a_check(room.name)
        or is_intact(_workspace(mission, tree))
        or (room / _ARCHIVED).exists()
        or not any(path.is_symlink() or not path.is_dir() for path in tree.rglob("*") if path != tree / ".git")
    )


def _archive_and_clear(mission: Mission) -> None:
    """Raises, with everything still there, when a checkout's content cannot become a commit."""
    for room in sorted(mission.folder.worktrees.glob("*")):
        if not _of_a_check(room.name) and is_intact(_workspace(mission, room / "tree")):
            git.snapshot(room / "tree", f"Unfinished work of {room.name}")
            (room / _ARCHIVED).touch()
    reconcile(mission)


def _forget(mission: Mission, checkout: Checkout) -> None:
    """Clearing the worktrees may have done it already."""
    if checkout not in _checkouts(mission.root):
        return
    if checkout.head and not _is_referenced(mission.root, checkout.head):
        session = checkout.path.parent.name
        git.update_ref(mission.root, f"{mission.archive_ref(session)}.{checkout.head[:12]}", checkout.head)
    remove(_workspace(mission, checkout.path))


def _is_referenced(repo: Path, commit: str) -> bool:
    return bool(answer(repo, "for-each-ref", "--count=1", "--contains", commit))


def _checkouts(repo: Path) -> list[Checkout]:
    with lock(git_directory(repo)):
        said = run_git(repo, "worktree", "list", "--porcelain", "-z").output
    entries = (entry.strip("\0") for entry in said.split("\0\0"))
    return [_checkout(entry.split("\0")) for entry in entries if entry]


def _checkout(lines: list[str]) -> Checkout:
    said = {key: value for key, _, value in (line.partition(" ") for line in lines)}
    return Checkout(Path(said["worktree"]), said.get("HEAD"), said.get("branch"))


def _is_ours(mission: Mission, checkout: Checkout) -> bool:
    return checkout.path.is_relative_to(mission.folder.worktrees)


def _workspace(mission: Mission, tree: Path) -> Workspace:
    return Workspace(tree, mission.root, None, mission.repository.base)


def _of_a_check(session: str) -> bool:
    """As `reconcile` sees it: the commit there has a reference, and what was made there is not work."""
    return session.startswith("check.")
