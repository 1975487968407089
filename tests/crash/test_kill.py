"""The orchestrator is killed right before or right after a line of its ledger, and the run is resumed."""

from __future__ import annotations

import os

import pytest

from tests.crash.conftest import Finished
from tests.crash.scene import LINES, Undisturbed, kill, undisturbed
from tests.flows.conftest import NewMissions

_ALL = [f"{when}:{line}" for line in range(1, LINES + 1) for when in ("before", "after")]
_FEW = (
    "before:worker_completed",
    "after:feature_integrated",
    "after:verdict_recorded",
    "before:repair_started",
    "before:milestone_sealed",
    "after:mission_completed",
)
"""One of each kind of step; `make crash` has all."""
POINTS = [point for point in _ALL if point != "before:1"] if os.environ.get("MISSION_TEST_CRASH") == "all" else _FEW


def test_each_line_of_the_undisturbed_ledger_is_a_kill_point(calm: Undisturbed) -> None:
    assert calm.lines == LINES, "set LINES in tests/crash/scene.py to the number of lines"


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_there_finishes_as_if_undisturbed(
    new_missions: NewMissions, finishes: Finished, point: str
) -> None:
    run = kill(new_missions(), point)
    assert run.code == -9
    assert _landed(point, [event["type"] for event in run.left])
    finishes(run)


def _landed(point: str, left: list[str]) -> bool:
    """Whether the ledger ends where the process was to be killed."""
    when, _, which = point.partition(":")
    if which.isdecimal():
        return len(left) == int(which) - (when == "before")
    return left.index(which) == len(left) - 1 if when == "after" else which not in left


def test_a_run_killed_before_its_first_line_was_never_accepted(new_missions: NewMissions, calm: Undisturbed) -> None:
    missions = new_missions()
    run = kill(missions, "before:1")
    assert (run.code, run.left, run.leftovers()) == (-9, [], [])
    said = missions("resume", run.name)
    assert (said.returncode, f"there is no run in {missions.home}" in said.stderr) == (2, True)
    assert undisturbed(missions) == calm
