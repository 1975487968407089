"""A deployment whose schedule starts it more often than there is something to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.deployment import deployed, notice_silence_soon, pool_of, requested
from tests.flows.stage import Run, alive, api, ask, feature, milestone, until, wait_for, workers, write
from tests.recipes import follow, recipe

_EVERY = 15
"""Seconds between two flow runs that the schedule starts."""


def test_flow_runs_of_a_schedule_never_run_one_mission_twice(new_missions: NewMissions, tmp_path: Path) -> None:
    """The first parks until the window opens, others find nothing to do meanwhile, nor while it works, nor later.

    It is parked for longer than a flow run may be silent: neither it nor those that ended before are brought back.
    """
    missions, go = new_missions(), tmp_path / "go"
    hosting, opens = deployed(missions), _opening()
    window = f"{opens:%H:%M}-{opens - timedelta(minutes=4):%H:%M}"
    blueprint = {
        "requirePlanApproval": False,
        "schedule": {"window": window},
        "milestones": [milestone("one", feature("a"))],
    }
    path = missions.blueprint(blueprint, workers(a=[wait_for(go), write("a")]))
    hosting.deploy(path, pool_of(missions))
    notice_silence_soon(missions)
    deployment = f"{api(missions)}/deployments/{_deployment(missions)}"
    with hosting.worker():
        ticks = {"active": True, "schedule": {"interval": _EVERY}, "max_scheduled_runs": 2}
        requested("POST", f"{deployment}/schedules", [ticks])
        [name] = until(missions.runs)
        run = Run(missions, name)
        until(lambda: (run.folder / "ledger.jsonl").exists() and run.events("mission_paused"))
        _skipped(missions, f"{name} goes on by itself in its own flow run")
        until(lambda: alive(go))
        _skipped(missions, f"{name} is at work")
        go.touch()
        until(lambda: [one for one in _flow_runs(missions) if one["state"]["name"] == "Completed"])
        _skipped(missions, f"{name} has passed from this base already")
        brought_back = [one["id"] for one in _flow_runs(missions) if "AwaitingRetry" in _states(missions, one)]
        requested("DELETE", deployment)
    assert (missions.runs(), run.sessions(), brought_back) == ([name], ["a.1"], [])
    assert len(run.events("mission_run_started")) == 2
    [parked] = run.events("mission_paused")
    assert datetime.fromtimestamp(parked["until"], UTC) == opens


def _flow_runs(missions: Missions) -> list[Data]:
    return ask(missions, "flow_runs", {"deployments": {"id": {"any_": [_deployment(missions)]}}})


def _states(missions: Missions, flow_run: Data) -> list[str]:
    url = f"{api(missions)}/flow_run_states/?flow_run_id={flow_run['id']}"
    return [state["name"] for state in requested("GET", url).json()]


def _skipped(missions: Missions, why: str) -> Data:
    def look() -> Data | None:
        ended = [run for run in _flow_runs(missions) if run["state"]["name"] == "Skipped"]
        return next((run for run in ended if why in run["state"]["message"]), None)

    return until(look)


def _deployment(missions: Missions) -> str:
    found: Data = requested("GET", f"{api(missions)}/deployments/name/mission/{pool_of(missions)}").json()
    return str(found["id"])


def _opening() -> datetime:
    """Far enough away to park until then, to fall silent, and for another flow run to see that, on a slow machine."""
    return (datetime.now(UTC) + timedelta(seconds=150)).replace(second=0, microsecond=0)


def test_the_recipe_for_every_night_makes_a_deployment_that_starts_then(new_missions: NewMissions) -> None:
    missions = new_missions()
    hosting = deployed(missions)
    night, commands = recipe("Every night at ten")
    path = missions.blueprint({"milestones": [milestone("one", feature("a"))], **yaml.safe_load(night)})
    assert follow(commands, missions, blueprint=path, pool=pool_of(missions)) == []
    found: Data = requested("GET", f"{api(hosting.missions)}/deployments/name/mission/demo").json()
    [schedule] = found["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 22 * * *", "Europe/Berlin")
    assert schedule["active"]
    requested("DELETE", f"{api(missions)}/deployments/{found['id']}")
