"""A Prefect worker dies: alone, or together with the mission that it started."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.deployment import Hosting, deployed
from tests.flows.stage import alive, feature, milestone, until, wait_for, workers, write

BLUEPRINT: Data = {
    "requirePlanApproval": False,
    "milestones": [milestone("one", feature("done")), milestone("two", feature("held"), feature("after", "held"))],
}


@pytest.fixture
def hosting(new_missions: NewMissions) -> Hosting:
    return deployed(new_missions())


def _script(flag: Path) -> Data:
    return workers(done=[write("done")], held=[wait_for(flag), write("held")], after=[write("after")])


def test_a_mission_outlives_its_worker(hosting: Hosting, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    with hosting.worker() as worker:
        run = hosting.begin(BLUEPRINT, _script(flag))
        until(lambda: alive(flag))
        worker.kill()
    flag.touch()
    run.wait_for("mission_completed")
    run.wait_for_state("COMPLETED", "Completed")
    assert (run.sessions(), run.lives()) == (["done.1", "held.1", "after.1"], 1)


def test_a_retry_in_prefect_goes_on_with_a_mission_that_died_with_its_worker(hosting: Hosting, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    with hosting.worker() as worker:
        run = hosting.begin(BLUEPRINT, _script(flag))
        until(lambda: alive(flag))
        worker.kill()
        os.kill(json.loads((run.folder / "owner.json").read_text())["pid"], signal.SIGKILL)
        until(lambda: not alive(flag))
    flag.touch()
    run.ask("POST", "/set_state", {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True})
    with hosting.worker():
        run.wait_for_state("COMPLETED", "Completed")
    assert (run.sessions(), run.lives()) == (["done.1", "held.1", "held.2", "after.1"], 2)
    assert run.leftovers() == []
