"""Checks before the work: what must be red is red, what must hold holds."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from blueprints.fields import Value
from blueprints.plan import PlannedCheck, PlannedMilestone
from tasks.active import mission_of
from validators.witness import Witness, broken, green, witness_all
from workspaces import findings
from workspaces.mission import Mission


class Before(Value):
    """How the new assertions stand before the work."""

    green: list[str]
    """Those that pass already although they must not: they cannot tell the work from its absence."""
    broken: list[Witness]
    """Invariants that do not hold."""


@task(name="red at base", task_run_name="red at base")
def witness_plan_task(run: str) -> Before | State[Before]:
    """All assertions of the plan on the mission's base, before anybody is asked to approve it."""
    mission = mission_of(run)
    checks = [check for milestone in mission.plan.milestones for check in milestone.new_checks]
    before = _look(mission, checks, mission.plan.milestones[0], mission.repository.base)
    return Failed(message=f"green already: {', '.join(before.green)}", data=before) if before.green else before


@task(name="red at base", task_run_name="red at base: {milestone}")
def witness_milestone_task(run: str, milestone: str, base: str) -> Before:
    """The milestone's new assertions on its own base.

    One that was red on the mission's base and is green here owes it to an earlier milestone: that is noted, and
    stops nothing, for it has shown that it can be red.
    """
    mission = mission_of(run)
    planned = mission.plan.milestone(milestone)
    before = _look(mission, planned.new_checks, planned, base)
    for assertion in before.green:
        if base != mission.repository.base:
            told = f"{assertion} holds before its own features begin: an earlier milestone's work made it true."
            findings.record(mission, milestone, findings.ENGINE, description=told, severity="non_blocking")
    return before


def _look(mission: Mission, checks: list[PlannedCheck], milestone: PlannedMilestone, base: str) -> Before:
    automatic = [check for check in checks if check.automatic]
    witnesses = witness_all(mission, automatic, milestone.name, base)
    return Before(green=green(automatic, witnesses), broken=broken(automatic, witnesses))
