"""A folder under the mission home for one step: the checkout in `tree`, and room beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from workspaces import git
from workspaces.mission import Mission
from workspaces.worktree import Workspace, create, remove, reuse


@contextmanager
def workplace(
    mission: Mission, name: str, commit: str, *, branch: str | None = None, shared: bool = False
) -> Iterator[Workspace]:
    """A clean checkout of `commit`, gone afterwards with its branch.

    A `shared` one stays for the next step, without a branch; what git ignores in it stays too.
    """
    folder = mission.folder.worktrees / ("shared" if shared else name)
    make = reuse if shared else create
    workspace = make(mission.root, folder / "tree", branch=branch, commit=commit)
    try:
        yield workspace
    finally:
        if shared:
            _free(workspace)
        else:
            clear(workspace)


def clear(workspace: Workspace) -> None:
    """Remove the checkout, its branch and what lies beside it."""
    remove(workspace, delete_branch=True)
    shutil.rmtree(workspace.path.parent, ignore_errors=True)


def _free(workspace: Workspace) -> None:
    reuse(workspace.repo, workspace.path, branch=None, commit=workspace.base)
    if workspace.branch:
        git.delete_ref(workspace.repo, f"refs/heads/{workspace.branch}")
