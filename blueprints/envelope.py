"""An approval in advance: whether a plan is within its limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from blueprints.estimate import agent_runs
from blueprints.hours import now
from blueprints.plan import Plan
from blueprints.schema import Mode


def outside(plan: Plan) -> list[str]:
    """Why the blueprint's approval in advance does not count for this plan, now; empty: it does, if there is one."""
    return [*_reasons(plan)]


def _reasons(plan: Plan) -> Iterator[str]:
    schedule, approve = plan.blueprint.schedule, plan.blueprint.schedule.approve
    if approve is None:
        return
    if (today := datetime.fromtimestamp(now(), ZoneInfo(schedule.timezone)).date()) > approve.expires:
        yield f"it expired on {approve.expires}, and it is {today}"
    if approve.plan and not plan.digest.startswith(approve.plan):
        yield f"it is for the plan {approve.plan[:12]}, and this is {plan.digest[:12]}"
    features = sum(len(milestone.features) for milestone in plan.milestones)
    if approve.max_features is not None and features > approve.max_features:
        yield f"it is for {approve.max_features} features at most, and the plan has {features}"
    runs = agent_runs(plan).most
    if approve.max_agent_runs is not None and runs > approve.max_agent_runs:
        yield f"it is for {approve.max_agent_runs} agent runs at most, and the plan may take {runs}"
    if plan.blueprint.mode is Mode.POC and not approve.poc:
        yield "it does not say `poc: true`, and sealed milestones would move the base branch"
