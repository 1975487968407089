"""A folder under the mission home for one step: the checkout in `tree`, and room beside it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Generator
from contextlib import contextmanager

from ledger.lease import FencedError
from workspaces.git import GitError
from workspaces.mission import Mission
from workspaces.room import lack_in
from workspaces.worktree import Workspace, create, remove, reuse


@contextmanager
def workplace(
    mission: Mission, name: str, commit: str, *, branch: str | None = None, shared: bool = False
) -> Generator[Workspace]:
    """A clean checkout of `commit`, gone afterwards.

    A `shared` one stays for the next step, on no branch; what git ignores in it stays too.
    """
    folder = mission.folder.worktrees / ("shared" if shared else name)
    make = reuse if shared else create
    workspace = make(mission.root, folder / "tree", branch=branch, commit=commit)
    stays = False
    try:
        yield workspace
    except (GitError, OSError, FencedError) as error:
        # What could not be kept for lack of room is kept when the run is next opened, where its next owner has not
        # done so by now.
        stays = isinstance(error, FencedError) or lack_in(error, mission.settings.home) is not None
        raise
    finally:
        if not stays:
            _leave(workspace, shared=shared)


def _leave(workspace: Workspace, *, shared: bool) -> None:
    """What cannot be cleared now is not the step's failure: the run clears it when it is next opened."""
    try:
        if shared:
            reuse(workspace.repo, workspace.path, branch=None, commit=workspace.base)
        else:
            clear(workspace)
    except (GitError, OSError):
        logging.getLogger(__name__).warning("%s could not be cleared", workspace.path, exc_info=True)


def clear(workspace: Workspace) -> None:
    """Remove the checkout and what lies beside it."""
    remove(workspace)
    shutil.rmtree(workspace.path.parent, ignore_errors=True)
