"""What a former life of the run left lying about is archived and cleared before anything starts."""

from __future__ import annotations

from blueprints.errors import MissionError
from ledger.lease import Lease
from workspaces import git
from workspaces.mission import Mission
from workspaces.power_loss import forget_lost_steps, mend, remove_stale_locks
from workspaces.room import lack_in
from workspaces.workplace import clear
from workspaces.worktree import Workspace, is_intact


def reconcile(mission: Mission, lease: Lease | None = None) -> None:
    """Afterwards the run has no worktree and no work branch, and every commit an agent made has a reference."""
    remove_stale_locks(mission)
    if lease and lease.former and lease.former.boot != lease.owner.boot:
        mend(mission)
    forget_lost_steps(mission)
    for folder in sorted(mission.folder.worktrees.glob("*")):
        _clear(mission, folder.name)
    for ref, commit in git.refs(mission.root, f"refs/heads/missions/{mission.run}").items():
        _archive(mission, ref.rpartition("/")[2], commit)
        git.delete_ref(mission.root, ref)


def _clear(mission: Mission, session: str) -> None:
    tree = mission.folder.worktrees / session / "tree"
    workspace = Workspace(tree, mission.root, mission.work_branch(session), mission.repository.base)
    if is_intact(workspace) and not session.startswith("check."):
        # It may be half made; what was committed there is under its branch.
        try:
            _archive(mission, session, git.snapshot(tree, f"Unfinished work of {session}"))
        except git.GitError as error:
            if lack := lack_in(error, mission.settings.home):
                told = f"{lack}, or delete {tree}, whose unfinished work cannot be kept"
                raise MissionError(f"{told}; then `mission resume {mission.run}`", exit_code=1) from error
    clear(workspace)


def _archive(mission: Mission, session: str, commit: str) -> None:
    """Never in the place of another commit: a proved one may be there already, or an earlier life's."""
    if commit == mission.repository.base:
        return
    for ref in (mission.archive_ref(session), f"{mission.archive_ref(session)}.{commit[:12]}"):
        known = git.resolve(mission.root, ref)
        if known is None or git.is_ancestor(mission.root, known, commit):
            git.update_ref(mission.root, ref, commit)
            return
