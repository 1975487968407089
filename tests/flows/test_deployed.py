"""Missions that a deployment started: while they wait, no process is there, and they go on by themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import Run, alive, api, feature, milestone, until, wait_for, workers, write

PROJECT = Path(__file__).parents[2]
DEPLOY = """
import sys
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate

with get_client(sync_client=True) as client:
    client.create_work_pool(WorkPoolCreate(name=sys.argv[2], type="process"))
source = flow.from_source(source=sys.argv[1], entrypoint="flows/mission.py:mission")
source.deploy(name=sys.argv[2], work_pool_name=sys.argv[2], print_next_steps=False)
"""


@dataclass(frozen=True)
class Deployed(Run):
    flow_run: str

    def ask(self, method: str, path: str = "", body: Data | None = None) -> Data:
        url = f"{api(self.missions)}/flow_runs/{self.flow_run}{path}"
        told: Data = httpx.request(method, url, json=body, timeout=30).raise_for_status().json()
        return told

    def state(self) -> tuple[str, str]:
        state = self.ask("GET")["state"]
        return state["type"], state["name"]

    def wait_for_state(self, *wanted: str) -> None:
        until(lambda: self.state() == wanted)

    def resume(self, **form: object) -> None:
        """As the button in Prefect's UI does."""
        until(lambda: self.ask("POST", "/resume", {"run_input": form} if form else {})["status"] == "ACCEPT")

    def lives(self) -> int:
        return len(self.events("mission_run_started"))


@pytest.fixture
def hosting(new_missions: NewMissions) -> tuple[Missions, dict[str, str]]:
    """Missions, with a deployment of the mission flow and a work pool of its own, and the environment of a worker."""
    missions = new_missions()
    assert missions("server", "start").returncode == 0
    env = os.environ | {"MISSION_HOME": str(missions.home), "PREFECT_API_URL": api(missions), "MISSION_PATIENCE": "0"}
    env |= {"PREFECT_HOME": str(missions.home / "prefect-worker"), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    argv = [sys.executable, "-c", DEPLOY, str(PROJECT), missions.home.parent.name]
    subprocess.run(argv, env=env, cwd=PROJECT, check=True, capture_output=True)
    return missions, env


@contextmanager
def worker(missions: Missions, env: dict[str, str]) -> Generator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "prefect", "worker", "start", "--pool", missions.home.parent.name]
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield process
        process.terminate()


def begin(missions: Missions, blueprint: Data, script: Data) -> Deployed:
    """Start the deployment; returned when the mission has begun."""
    path = missions.blueprint(blueprint, script)
    url, name = api(missions), missions.home.parent.name
    deployment: Data = httpx.get(f"{url}/deployments/name/mission/{name}", timeout=30).raise_for_status().json()
    parameters = {"blueprint": str(path), "repository": str(missions.repo)}
    made = httpx.post(f"{url}/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters})
    run = Deployed(missions, "", made.raise_for_status().json()["id"])
    [name] = until(missions.runs)
    run = replace(run, name=name)
    until(lambda: (run.folder / "ledger.jsonl").exists() and run.lives())
    return run


def nobody_is_there(run: Deployed) -> bool:
    return not (run.folder / "owner.json").exists() and not alive(run.folder)


def test_a_waiting_mission_holds_no_process_and_goes_on_by_itself(
    hosting: tuple[Missions, dict[str, str]],
) -> None:
    """For an approval, for a quota and for an answer; its worker is killed meanwhile."""
    missions, env = hosting
    checked = milestone("one", feature("a"), checks=[{"kind": "manual", "ask": "Is it right?"}])
    exhausted = {"fault": {"kind": "exhausted", "reason": "the quota is used up", "seconds": 8}}
    script: Data = {"worker": {"a": [[exhausted], [write("a")]]}}
    with worker(missions, env) as first:
        run = begin(missions, {"milestones": [checked]}, script)
        run.wait_for_state("PAUSED", "Suspended")
        first.send_signal(signal.SIGKILL)
    assert (run.status()["status"], nobody_is_there(run)) == ("waiting", True)
    with worker(missions, env):
        run.resume(decision="approve", by="Ada")
        until(lambda: run.events("mission_paused"))
        run.wait_for_state("PAUSED", "Suspended")
        assert (run.lives(), nobody_is_there(run), run.status()["status"]) == (3, True, "waiting")
        [paused] = run.events("mission_paused")
        assert paused["reason"] == "parked: the quota is used up"
        assert missions("answer", "pass", run.name).returncode == 0
        run.wait_for_state("COMPLETED", "Completed")
    assert [event["by"] for event in run.events("plan_approved")] == ["Ada"]
    assert (run.lives(), run.sessions(), run.file("a")) == (4, ["a.1", "a.2"], "done")
    assert run.leftovers() == []


def test_a_mission_that_is_suspended_in_prefect_finishes_what_is_at_work_and_goes_on_when_resumed(
    hosting: tuple[Missions, dict[str, str]], tmp_path: Path
) -> None:
    missions, env = hosting
    flag = tmp_path / "go"
    script = workers(a=[wait_for(flag), write("a")], b=[write("b")])
    blueprint = {"requirePlanApproval": False, "milestones": [milestone("one", feature("a"), feature("b", "a"))]}
    with worker(missions, env):
        run = begin(missions, blueprint, script)
        until(lambda: alive(flag))
        timeout = {"pause_timeout": "2026-01-01T00:00:00Z", "pause_reschedule": True}
        state = {"type": "PAUSED", "name": "Suspended", "state_details": timeout}
        run.ask("POST", "/set_state", {"state": state})
        until(lambda: json.loads(missions("status", run.name, "--json").stdout)["status"])
        flag.touch()
        until(lambda: run.events("mission_paused"))
        until(lambda: run.ask("GET")["state"]["state_details"]["pause_key"])
        assert (nobody_is_there(run), run.sessions("worker_completed")) == (True, ["a.1"])
        run.resume()
        run.wait_for_state("COMPLETED", "Completed")
    assert (run.lives(), run.sessions()) == (2, ["a.1", "b.1"])
