"""What a former life of the run left lying about is archived and cleared before anything starts."""

from __future__ import annotations

import shutil
from contextlib import suppress

from workspaces import git
from workspaces.mission import Mission
from workspaces.workplace import clear
from workspaces.worktree import Workspace


def reconcile(mission: Mission) -> None:
    """Afterwards the run has no worktree and no work branch, and every commit an agent made has a reference."""
    for folder in sorted(mission.folder.worktrees.glob("*")):
        _clear(mission, folder.name)
    for ref, commit in git.refs(mission.root, f"refs/heads/missions/{mission.run}").items():
        _archive(mission, ref.rpartition("/")[2], commit)
        git.delete_ref(mission.root, ref)


def _clear(mission: Mission, session: str) -> None:
    tree = mission.folder.worktrees / session / "tree"
    if (tree / ".git").exists():
        # A worktree may be half made or half gone; what was committed there is under its branch.
        with suppress(git.GitError):
            _archive(mission, session, git.commit_all(tree, f"Unfinished work of {session}"))
        clear(Workspace(tree, mission.root, mission.work_branch(session), mission.repository.base))
    shutil.rmtree(tree.parent, ignore_errors=True)


def _archive(mission: Mission, session: str, commit: str) -> None:
    """Never over an archived commit: a proved one may be there already."""
    ref = mission.archive_ref(session)
    known = git.resolve(mission.root, ref)
    if known is None or git.is_ancestor(mission.root, known, commit):
        git.update_ref(mission.root, ref, commit)
