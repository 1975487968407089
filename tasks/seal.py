"""A milestone's commit becomes the base of the next and the tip of the mission's branch."""

from __future__ import annotations

from blueprints.schema import Mode
from ledger.events import Kind
from validators.base import Verdict
from workspaces import git
from workspaces.findings import blocking_findings, open_findings, resolve
from workspaces.landing import land
from workspaces.mission import Mission


def seal(mission: Mission, milestone: str, base: str, commit: str, verdicts: list[Verdict]) -> str | None:
    """Seal `commit`, which every one of `verdicts` passed; the reason when it cannot be.

    Can be repeated: a branch that is there already stays, a landed commit lands as nothing.
    """
    if reason := mission.ledger.objection() or _not_proved(mission, milestone, commit, verdicts):
        return reason
    if reason := _move_branch(mission, base, commit):
        return reason
    if mission.plan.blueprint.mode is Mode.POC and (reason := _land(mission, milestone, base, commit)):
        return reason
    for finding in open_findings(mission, milestone):
        resolve(mission, finding, "backlog")
    mission.ledger.append(Kind.MILESTONE_SEALED, milestone=milestone, commit=commit, branch=mission.branch)
    return None


def _not_proved(mission: Mission, milestone: str, commit: str, verdicts: list[Verdict]) -> str | None:
    """Every check of the plan has a pass on exactly this commit, and no blocking finding is open."""
    planned = {check.id for check in mission.plan.milestone(milestone).checks}
    passed = {verdict.id for verdict in verdicts if verdict.passed and verdict.commit == commit}
    if not planned or passed != planned:
        return f"{commit} is not proved: {', '.join(sorted(planned - passed)) or 'no check'}"
    blocking = [finding.id for finding in blocking_findings(mission, milestone)]
    return f"blocking findings are open: {', '.join(blocking)}" if blocking else None


def _move_branch(mission: Mission, base: str, commit: str) -> str | None:
    ref = f"refs/heads/{mission.branch}"
    tip = git.resolve_branch(mission.root, mission.branch)
    if tip not in (None, base, commit):
        return f"branch {mission.branch} is at {tip}, where this mission did not put it; move it back to {base}"
    git.update_ref(mission.root, ref, commit, old=tip or "")
    return None


def _land(mission: Mission, milestone: str, base: str, commit: str) -> str | None:
    branch = mission.plan.blueprint.repository.base_branch
    if refused := land(mission.root, branch, base, commit):
        return f"landing on {branch} refused: {refused}; the work is on {mission.branch}"
    mission.ledger.append(Kind.MILESTONE_LANDED, milestone=milestone, branch=branch, commit=commit)
    return None
