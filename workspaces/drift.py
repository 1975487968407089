"""Whether the base branch has moved since the run began, other than by the run's own landings."""

from __future__ import annotations

from ledger.events import Kind
from workspaces import git
from workspaces.git_command import answer
from workspaces.mission import Mission


def note_drift(mission: Mission, result: str | None) -> None:
    """Write down where the base branch has gone; once for each place. A branch that holds `result` is no matter."""
    branch, base = mission.repository.base_branch, mission.repository.base
    tip = git.resolve_branch(mission.root, branch)
    if tip in _expected(mission) or (tip and result and git.is_ancestor(mission.root, result, tip)):
        return
    if tip not in [event.data["tip"] for event in mission.ledger.events if event.kind is Kind.BASE_MOVED]:
        commits = _ahead(mission, tip) if tip else None
        mission.ledger.append(Kind.BASE_MOVED, branch=branch, base=base, tip=tip, commits=commits)


def _expected(mission: Mission) -> set[str]:
    landed = [event.data["commit"] for event in mission.ledger.events if event.kind is Kind.RESULT_LANDED]
    return {mission.repository.base, *landed}


def _ahead(mission: Mission, tip: str) -> int | None:
    """By how many commits the tip is ahead of the recorded base; None when the base is not in it."""
    base = mission.repository.base
    if not git.is_ancestor(mission.root, base, tip):
        return None
    return int(answer(mission.root, "rev-list", "--count", f"{base}..{tip}"))
