"""Who broke what: looked for once, before the first repair."""

from __future__ import annotations

from prefect import task

from tasks.active import mission_of
from validators.base import Verdict
from validators.culprits import Culprits, find_culprits


@task(name="culprits", task_run_name="culprits {milestone}")
def culprits_task(run: str, milestone: str, base: str, commit: str, failing: list[Verdict]) -> list[Culprits]:
    """The smallest sets of features with which checks do not pass on the integrated `commit`, as far as proved."""
    mission = mission_of(run)
    return find_culprits(mission, mission.plan.milestone(milestone), base, commit, failing)
