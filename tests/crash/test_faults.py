"""Others die: an agent, the Prefect server, its database, the server and the orchestrator at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import Missions
from tests.crash.proof import agents_of, faults
from tests.crash.scene import HELD, Killed, Undisturbed, blueprint
from tests.crash.server import Server, server_of
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, alive, begin, resume, until

_AWAY = 60.0
"""Seconds for which a server is away that is started again."""


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """What the agent of `HELD` waits for."""
    return tmp_path / "go"


@pytest.fixture
def own(new_missions: NewMissions) -> Iterator[Missions]:
    """Missions with a Prefect server of their own."""
    missions = new_missions()
    (missions.home / "prefect").unlink()
    assert missions("server", "start").returncode == 0
    yield missions
    missions("server", "stop", "--force")


@pytest.fixture
def server(own: Missions) -> Server:
    return server_of(own)


@pytest.fixture
def at_work(own: Missions, server: Server, flag: Path) -> Going:
    """A run whose second milestone is at work; the agent of `HELD` is held."""
    return _held(own, flag)


def _held(missions: Missions, flag: Path) -> Going:
    run = begin(missions, blueprint(missions, held_by=flag), "--yes")
    run.wait_for("worker_started", featureId=HELD)
    until(lambda: alive(flag))
    return run


def _so_far(run: Going) -> Killed:
    """The run as it is when something is about to go wrong."""
    return Killed(run.missions, run.name, 0, run.events())


def test_an_agent_that_was_killed_fails_and_a_retry_does_its_work(
    new_missions: NewMissions, calm: Undisturbed, flag: Path
) -> None:
    run = _held(new_missions(), flag)
    before = _so_far(run)
    for process in agents_of(run, HELD):
        with suppress(psutil.NoSuchProcess):  # it has ended with the one before
            process.kill()
    assert run.end() == 0
    assert run.sessions("worker_failed") == [f"{HELD}.1"]
    assert faults(before, calm) == {}


def test_a_server_killed_while_an_agent_works_is_started_again(
    at_work: Going, server: Server, calm: Undisturbed, flag: Path
) -> None:
    before = _so_far(at_work)
    server.kill()
    flag.touch()
    assert at_work.end() == 0
    assert faults(before, calm) == {}


def test_a_server_killed_in_the_middle_of_a_milestone_is_started_again(
    own: Missions, server: Server, calm: Undisturbed
) -> None:
    run = begin(own, blueprint(own), "--yes")
    run.wait_for("feature_integrated")
    before = _so_far(run)
    server.kill()
    assert run.end() == 0
    assert faults(before, calm) == {}


def test_a_server_that_is_away_for_a_minute_is_waited_for(
    at_work: Going, server: Server, calm: Undisturbed, flag: Path
) -> None:
    before = _so_far(at_work)
    server.take_away()
    flag.touch()
    time.sleep(_AWAY)  # the time itself is what is tested
    server.start_again()
    assert at_work.end() == 0
    assert faults(before, calm) == {}


def test_a_server_that_stays_away_pauses_the_mission(
    own: Missions, server: Server, calm: Undisturbed, flag: Path
) -> None:
    own.variables["PREFECT_CLIENT_MAX_RETRIES"] = "2"
    run = _held(own, flag)
    before = _so_far(run)
    server.take_away()
    flag.touch()
    assert run.end() == 1
    assert (run.status()["status"], "Prefect is away" in run.status()["reason"]) == ("paused", True)
    assert resume(run) == 0
    assert faults(before, calm) == {}


def test_a_server_that_comes_back_without_its_database_pauses_the_mission(
    at_work: Going, server: Server, calm: Undisturbed, flag: Path
) -> None:
    before = _so_far(at_work)
    server.take_away()
    server.forget()
    server.start_again()
    flag.touch()
    assert at_work.end() == 1
    assert (at_work.status()["status"], "Prefect is away" in at_work.status()["reason"]) == ("paused", True)
    assert resume(at_work) == 0
    assert faults(before, calm) == {}


def test_a_server_killed_together_with_the_orchestrator(
    at_work: Going, server: Server, calm: Undisturbed, flag: Path
) -> None:
    before = _so_far(at_work)
    at_work.process.kill()
    server.kill()
    flag.touch()
    assert at_work.end() == -signal.SIGKILL
    assert resume(at_work) == 0
    assert faults(before, calm) == {}
