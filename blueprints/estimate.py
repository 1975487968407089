"""How many agent runs a plan takes: what an approver weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.plan import Plan, PlannedMilestone
from blueprints.schema import Role


@dataclass(frozen=True)
class AgentRuns:
    """Starts of agents, from the first attempt at everything to the last that is allowed.

    What nobody can foresee is in neither: conflicts between branches, and who takes over for a provider at fault.
    """

    least: int
    most: int


def agent_runs(plan: Plan) -> AgentRuns:
    """Of a mission that passes: each feature and each agent's judgement once, up to every retry and every repair."""
    least = sum(len(m.features) + sum(judgements for _, judgements in _judged(m)) for m in plan.milestones)
    return AgentRuns(least, sum(_most(plan, milestone) for milestone in plan.milestones))


def _most(plan: Plan, milestone: PlannedMilestone) -> int:
    repairs = plan.blueprint.repairs
    built = sum(1 + feature.retries for feature in milestone.features)
    judged = sum(count * _tries(plan, role) for role, count in _judged(milestone))
    return built + judged * (1 + repairs) + repairs * _tries(plan, Role.REPAIRER)


def _judged(milestone: PlannedMilestone) -> Iterator[tuple[Role, int]]:
    """Who judges, and how often in each round: a reviewer looks at each feature, a tester at the whole."""
    for check in milestone.checks:
        if check.check.kind == "review":
            yield Role.SCRUTINY, len(milestone.features)
        elif check.check.kind == "user-test":
            yield Role.TESTER, 1


def _tries(plan: Plan, role: Role) -> int:
    return 1 + plan.agent(plan.role(role)).retries
