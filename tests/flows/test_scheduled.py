"""A deployment whose schedule starts it more often than there is something to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.deployment import deployed, pool_of, requested
from tests.flows.stage import Run, alive, api, ask, feature, milestone, until, wait_for, workers, write
from tests.recipes import follow, recipe

_EVERY = 15
"""Seconds between two flow runs that the schedule starts."""


def test_flow_runs_of_a_schedule_never_run_one_mission_twice(new_missions: NewMissions, tmp_path: Path) -> None:
    """The first parks until the window opens, others find nothing to do meanwhile, nor while it works, nor later."""
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
        run.wait_for("mission_completed")
        _skipped(missions, f"{name} has passed from this base already")
        requested("DELETE", deployment)
    assert (missions.runs(), run.sessions()) == ([name], ["a.1"])
    parked = {datetime.fromtimestamp(event["until"], UTC) for event in run.events("mission_paused")}
    assert parked == {opens}


def _skipped(missions: Missions, why: str) -> Data:
    def look() -> Data | None:
        states: Data = {"any_": ["Skipped"]}
        deployments = {"id": {"any_": [_deployment(missions)]}}
        question = {"flow_runs": {"state": {"name": states}}, "deployments": deployments}
        found = ask(missions, "flow_runs", question)
        return next((run for run in found if why in run["state"]["message"]), None)

    return until(look)


def _deployment(missions: Missions) -> str:
    found: Data = requested("GET", f"{api(missions)}/deployments/name/mission/{pool_of(missions)}").json()
    return str(found["id"])


def _opening() -> datetime:
    """Far enough away to park until then, and for another flow run to see that, also on a slow machine."""
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
