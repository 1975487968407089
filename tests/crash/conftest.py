"""Which kill points there are, what they are compared with, and the line of numbers at the end.

`MISSION_TEST_CRASH=all` (`make crash`) stands for every point and every fault; without it there are a few.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import statistics
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import Data
from tests.crash.proof import Counted, faults, resumed
from tests.crash.scene import Killed, Undisturbed, undisturbed
from tests.flows.conftest import NewMissions, new_missions

__all__ = ["new_missions"]

COUNTED = "crash"
"""The property of a test under which its numbers travel to the process that prints."""
collect_ignore = (
    [] if os.environ.get("MISSION_TEST_CRASH") == "all" else ["test_faults.py", "test_power.py", "test_worker.py"]
)

Finished = Callable[[Killed], None]


@pytest.fixture(scope="session")
def calm(new_missions: NewMissions, mission_home: Path) -> Undisturbed:
    """The mission undisturbed; with several workers it is run by one of them."""
    path = mission_home / "undisturbed.json"
    with path.with_suffix(".lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(json.dumps(asdict(undisturbed(new_missions()))))
        return Undisturbed(**json.loads(path.read_text()))


@pytest.fixture
def finishes(calm: Undisturbed, record_property: Callable[[str, object], None]) -> Finished:
    """`finishes(run)`: resumed, it ends as the undisturbed run did."""

    def check(run: Killed) -> None:
        record_property(COUNTED, resumed(run, calm).plain())
        assert faults(run, calm) == {}

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    properties = [value for report in reports for name, value in report.user_properties if name == COUNTED]
    if properties:
        terminalreporter.write_line(_line([Counted(**cast(Data, value)) for value in properties]))


def _line(runs: list[Counted]) -> str:
    seconds = sorted(run.seconds for run in runs if run.seconds is not None)
    numbers = (
        f"{len(runs)} kill points, {sum(run.equal for run in runs)} equal trees, "
        f"{sum(run.repeated for run in runs)} repeated finished steps, {sum(run.strays for run in runs)} strays"
    )
    if not seconds:
        return numbers
    p95 = seconds[math.ceil(0.95 * len(seconds)) - 1]
    took = f"median {statistics.median(seconds):.1f} s, p95 {p95:.1f} s (target: 5 s at most)"
    return f"{numbers}; from resume to the next new agent: {took}"
