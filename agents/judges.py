"""What must be seen in a workspace before work counts as done."""

from __future__ import annotations

from pathlib import Path

from agents.handoff import Handoff
from agents.outcome import Judge, NotProvedError
from workspaces import git
from workspaces.merge import check_resolution, conclude
from workspaces.worktree import Workspace


def new_commit(base: str, title: str, *, allow_empty: bool = False) -> Judge:
    """A commit on the workspace's own branch, on top of `base`, that changes something."""

    def judge(workspace: Workspace, handoff: Handoff | None) -> str:
        status = git.status(workspace.path)
        if status.branch != workspace.branch:
            raise NotProvedError(f"the agent left its branch: it is on {status.branch or 'a detached HEAD'}")
        if status.unmerged:
            raise NotProvedError(f"the agent left a merge unfinished: {', '.join(status.unmerged[:5])}")
        commit = git.snapshot(workspace.path, _message(title, handoff), parent=status.head, leaving=workspace.leftovers)
        if commit == base and not allow_empty:
            raise NotProvedError("no work: the agent stopped without changing anything")
        if status.head != base:
            _require_work(workspace.path, base, commit, allow_empty=allow_empty)
        return commit

    return judge


def _require_work(repo: Path, base: str, commit: str, *, allow_empty: bool) -> None:
    """For commits of the agent's own; what the engine commits onto the base is work by construction."""
    if not git.is_ancestor(repo, base, commit):
        raise NotProvedError(f"the agent's commit {commit[:12]} is not built on its base {base[:12]}")
    if not allow_empty and git.tree_of(repo, base) == git.tree_of(repo, commit):
        raise NotProvedError("no work: the agent's commits change nothing")


def _message(title: str, handoff: Handoff | None) -> str:
    return f"{title}\n\n{handoff.salient_summary}\n" if handoff else f"{title}\n"


def resolved_merge(ours: str, theirs: str, message: str) -> Judge:
    """A conflict resolved so that neither side's work is lost; the merge commit is the engine's own."""

    def judge(workspace: Workspace, _handoff: Handoff | None) -> str:
        problems = check_resolution(workspace, ours, theirs)
        if problems:
            raise NotProvedError(f"the conflict is not resolved: {'; '.join(problems)}")
        return conclude(workspace, ours, theirs, message)

    return judge
