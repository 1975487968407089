"""The engine's verdicts on a milestone's commit."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from tasks.active import mission_of
from validators.base import Verdict
from validators.suite import Suite


@task(name="validate", task_run_name="validate {milestone}, round {round_number}")
def validate_task(run: str, milestone: str, commit: str, round_number: int) -> list[Verdict] | State[list[Verdict]]:
    """A verdict per check. Anything but a pass makes a failed task."""
    mission = mission_of(run)
    verdicts = Suite(mission, mission.plan.milestone(milestone), commit, round_number).run()
    missing = [f"{v.id} {v.status}" for v in verdicts if not v.passed]
    return Failed(message=", ".join(missing), data=verdicts) if missing else verdicts
