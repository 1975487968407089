"""The engine's verdicts on a milestone's commit."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from tasks.active import mission_of
from tasks.parking import may_park
from validators.base import Verdict
from validators.suite import Suite
from validators.tampering import inspect


@task(name="validate", task_run_name="validate {milestone}, round {round_number}")
@may_park
def validate_task(
    run: str, milestone: str, base: str, commit: str, round_number: int, commits: dict[str, str]
) -> list[Verdict] | State[list[Verdict]]:
    """A verdict per check that needs no person. Anything but a pass makes a failed task.

    `base` is the milestone's; `commits` holds each feature's commit.
    """
    mission = mission_of(run)
    planned = mission.plan.milestone(milestone)
    inspect(mission, planned, base, commit, commits)
    verdicts = Suite(mission, planned, base, commit, round_number, commits).run()
    missing = [f"{v.id} {v.status}" for v in verdicts if not v.passed]
    return Failed(message=", ".join(missing), data=verdicts) if missing else verdicts
