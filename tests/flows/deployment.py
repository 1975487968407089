"""Missions that a deployment started, in a work pool of their own, and the workers that take them up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from tests.conftest import Data, Missions
from tests.flows.stage import Run, alive, api, until

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


_BUSY = 503


@dataclass(frozen=True)
class Deployed(Run):
    flow_run: str

    def ask(self, method: str, path: str = "", body: Data | None = None) -> Data:
        """What Prefect answers, as soon as it has time: with SQLite it may be busy."""
        url = f"{api(self.missions)}/flow_runs/{self.flow_run}{path}"
        response = until(lambda: _unless_busy(httpx.request(method, url, json=body, timeout=30)))
        told: Data = response.raise_for_status().json()
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


@dataclass(frozen=True)
class Hosting:
    """Missions whose flow is deployed, and the environment of their workers."""

    missions: Missions
    env: dict[str, str]

    @contextmanager
    def worker(self) -> Generator[subprocess.Popen[bytes]]:
        """A worker, in a process group of its own."""
        argv = [sys.executable, "-m", "prefect", "worker", "start", "--pool", _pool(self.missions)]
        out = subprocess.DEVNULL
        with subprocess.Popen(argv, env=self.env, stdout=out, stderr=out, start_new_session=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def begin(self, blueprint: Data, script: Data) -> Deployed:
        """Start the deployment; returned when the mission has begun."""
        missions, url, pool = self.missions, api(self.missions), _pool(self.missions)
        path = missions.blueprint(blueprint, script)
        deployment: Data = httpx.get(f"{url}/deployments/name/mission/{pool}", timeout=30).raise_for_status().json()
        parameters = {"blueprint": str(path), "repository": str(missions.repo)}
        body = {"parameters": parameters, "idempotency_key": pool}
        run = Deployed(missions, "", until(lambda: _created(f"{url}/deployments/{deployment['id']}", body)))
        [name] = until(missions.runs)
        run = replace(run, name=name)
        until(lambda: (run.folder / "ledger.jsonl").exists() and run.lives())
        return run


def deployed(missions: Missions) -> Hosting:
    """The missions, with a deployment of the mission flow and a work pool of its own."""
    assert missions("server", "start").returncode == 0
    env = os.environ | {"MISSION_HOME": str(missions.home), "PREFECT_API_URL": api(missions), "MISSION_PATIENCE": "0"}
    env |= {"PREFECT_HOME": str(missions.home / "prefect-worker"), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    argv = [sys.executable, "-c", DEPLOY, str(PROJECT), _pool(missions)]
    subprocess.run(argv, env=env, cwd=PROJECT, check=True, capture_output=True)
    return Hosting(missions, env)


def _unless_busy(response: httpx.Response) -> httpx.Response | None:
    return None if response.status_code == _BUSY else response


def _created(deployment: str, body: Data) -> str | None:
    """The flow run, as soon as the server has time for it: SQLite may be busy."""
    made = httpx.post(f"{deployment}/create_flow_run", json=body, timeout=30)
    return str(made.json()["id"]) if made.is_success else None


def _pool(missions: Missions) -> str:
    """One of its own on a server that many tests share: another's worker would take the run."""
    return "-".join(missions.home.parts[-3:-1])


def nobody_is_there(run: Deployed) -> bool:
    return not (run.folder / "owner.json").exists() and not alive(run.folder)
