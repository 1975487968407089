"""A milestone's commit becomes the base of the next and the tip of the mission's branch."""

from __future__ import annotations

from blueprints.digest import digest
from ledger.events import Kind
from validators.base import Verdict
from workspaces import git
from workspaces.durable import flush
from workspaces.findings import blocking_findings, open_findings, resolve
from workspaces.mission import Mission


def sealed_at(mission: Mission, milestone: str, base: str) -> str | None:
    """The commit at which exactly this milestone was sealed on exactly this base, or None.

    The mission's branch goes on from the last milestone of the plan: it is there again where an amendment took later
    ones away.
    """
    event = mission.ledger.recorded(_key(mission, milestone, base))
    if event is None:
        return None
    commit = str(event.data["commit"])
    if milestone == mission.plan.milestones[-1].name:
        _move_branch(mission, base, commit)
    return commit


def advance(mission: Mission, milestone: str, base: str, commit: str, verdicts: list[Verdict]) -> str | None:
    """Move the mission's branch to `commit`, which every one of `verdicts` passed; the reason when it cannot be.

    Can be repeated: a branch that is there already stays.
    """
    if reason := mission.ledger.objection() or _not_proved(mission, milestone, commit, verdicts):
        return reason
    return _move_branch(mission, base, commit)


def seal(mission: Mission, milestone: str, base: str, commit: str) -> None:
    """The milestone is done with: `commit` is where the branch is, and the base branch too where that was asked for."""
    for finding in open_findings(mission, milestone):
        resolve(mission, finding, "backlog")
    key, facts = _key(mission, milestone, base), {"commit": commit, "branch": mission.branch}
    flush(mission.root)
    mission.ledger.append(Kind.MILESTONE_SEALED, milestone=milestone, key=key, **facts)


def _key(mission: Mission, milestone: str, base: str) -> str:
    """A seal is about what was to be done and proved, and what it was done on; what is to be done anew breaks it."""
    planned = mission.plan.milestone(milestone)
    anew = [mission.retries_asked(feature.id) for feature in planned.features]
    return digest("seal", planned.key, base, anew)


def _not_proved(mission: Mission, milestone: str, commit: str, verdicts: list[Verdict]) -> str | None:
    """Every check of the plan has a pass on exactly this commit, and no blocking finding is open."""
    planned = {check.id for check in mission.plan.milestone(milestone).checks}
    passed = {verdict.id for verdict in verdicts if verdict.passed and verdict.commit == commit}
    if not planned or passed != planned:
        return f"{commit} is not proved: {', '.join(sorted(planned - passed)) or 'no check'}"
    blocking = [finding.id for finding in blocking_findings(mission, milestone)]
    return f"blocking findings are open: {', '.join(blocking)}" if blocking else None


def _move_branch(mission: Mission, base: str, commit: str) -> str | None:
    """From nowhere, the base, or where this run put it before its plan was amended; what was there stays reachable."""
    tip = git.resolve_branch(mission.root, mission.branch)
    if tip not in (None, base, commit, *_own(mission)):
        return f"branch {mission.branch} is at {tip}, where this mission did not put it; move it back to {base}"
    moves = [git.RefChange(f"refs/heads/{mission.branch}", commit, tip or "")]
    if tip and not git.is_ancestor(mission.root, tip, commit):
        moves.append(git.RefChange(mission.archive_ref(f"sealed/{tip[:12]}"), tip))
    git.update_refs(mission.root, moves)
    return None


def _own(mission: Mission) -> set[str]:
    """Commits that this run sealed; or validated, and was killed before it could write down that it sealed them."""
    kinds = (Kind.MILESTONE_SEALED, Kind.MILESTONE_VALIDATION_TRIGGERED)
    return {event.data["commit"] for event in mission.ledger.events if event.kind in kinds}
