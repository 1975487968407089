"""A plan that was approved before its run began."""

from __future__ import annotations

from blueprints.envelope import outside
from ledger.accepted import not_accepted
from ledger.events import Kind
from workspaces.mission import Mission


def approved_ahead(mission: Mission, green: list[str]) -> bool:
    """Whether nobody need be asked; who approved, and until when it counts, is written down then.

    What passes before any work is accepted by a person, by name: never in advance.
    """
    plan, approve = mission.plan, mission.plan.blueprint.schedule.approve
    if approve is None or outside(plan) or not_accepted(mission.ledger.events, green):
        return False
    mission.ledger.append(
        Kind.PLAN_APPROVED,
        plan=plan.digest,
        decision="approve",
        by=f"{approve.by}, in advance and until {approve.expires}",
        note="",
        maxConcurrency=mission.max_concurrency,
    )
    return True


def why_not_ahead(mission: Mission) -> str:
    """For the question, in Markdown: why the approval in advance does not count, if there is one."""
    reasons = outside(mission.plan)
    return f"**The approval in advance does not count:** {'; '.join(reasons)}." if reasons else ""
