"""Missions that a deployment started, in a work pool of their own, and the workers that take them up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.conftest import Data, Missions
from tests.flows.stage import HTTP, Run, alive, api, ask, until
from tests.process import interpreter

_NOTHING_HEARD = 60
"""Seconds after which a flow run that fell silent is brought back; two heartbeats lie in between."""
_BUSY = 503


@dataclass(frozen=True)
class Deployed(Run):
    flow_run: str

    def ask(self, method: str, path: str = "", body: Data | None = None) -> Data:
        told: Data = requested(method, f"{api(self.missions)}/flow_runs/{self.flow_run}{path}", body).json()
        return told

    def state(self) -> tuple[str, str]:
        state = self.ask("GET")["state"]
        return state["type"], state["name"]

    def wait_for_state(self, *wanted: str) -> None:
        until(lambda: self.state() == wanted)

    def resume(self, **form: object) -> None:
        """As the button in Prefect's UI does."""
        until(lambda: self.ask("POST", "/resume", {"run_input": form} if form else {})["status"] == "ACCEPT")

    def alarms(self) -> list[Data]:
        """The flow runs that are to answer its question by default."""
        return ask(self.missions, "flow_runs", {"flow_runs": {"name": {"any_": [f"alarm {self.name}"]}}})

    def ring(self) -> None:
        """As if the time of its alarm had come."""
        [alarm] = self.alarms()
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": datetime.now(UTC).isoformat()}}
        url = f"{api(self.missions)}/flow_runs/{alarm['id']}/set_state"
        requested("POST", url, {"state": state, "force": True})

    def forget(self) -> None:
        """As somebody who deletes it in Prefect's UI."""
        requested("DELETE", f"{api(self.missions)}/flow_runs/{self.flow_run}")

    def lives(self) -> int:
        return len(self.events("mission_run_started"))


@dataclass(frozen=True)
class Hosting:
    """Missions to be deployed, and the environment of their workers."""

    missions: Missions
    env: dict[str, str]

    @contextmanager
    def worker(self) -> Generator[subprocess.Popen[bytes]]:
        """A worker, in a process group of its own."""
        argv = [str(interpreter.python), "-m", "prefect", "worker", "start", "--pool", pool_of(self.missions)]
        out = subprocess.DEVNULL
        with subprocess.Popen(argv, env=self.env, stdout=out, stderr=out, start_new_session=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def deploy(self, blueprint: Path, name: str) -> None:
        pool = pool_of(self.missions)
        words = ("deploy", blueprint, "--name", name, "--pool", pool, "--repo", self.missions.repo)
        done = self.missions(*words)
        assert done.returncode == 0, done.stderr

    def begin(self, blueprint: Data, script: Data) -> Deployed:
        """Start the deployment; returned when the mission has begun."""
        missions, url, pool = self.missions, api(self.missions), pool_of(self.missions)
        self.deploy(missions.blueprint(blueprint, script), pool)
        deployment: Data = requested("GET", f"{url}/deployments/name/mission/{pool}").json()
        body = {"idempotency_key": pool}
        run = Deployed(missions, "", until(lambda: _created(f"{url}/deployments/{deployment['id']}", body)))
        [name] = until(missions.runs)
        run = replace(run, name=name)
        until(lambda: (run.folder / "ledger.jsonl").exists() and run.lives())
        return run

    def deploy_again(self, blueprint: Path) -> Callable[[str], Deployed]:
        """Deploy another blueprint; what starts a run of it under the name that is given."""
        pool, missions = pool_of(self.missions), self.missions
        self.deploy(blueprint, pool)
        found = requested("GET", f"{api(missions)}/deployments/name/mission/{pool}").json()

        def start(name: str) -> Deployed:
            body = {"parameters": {"run": name}, "idempotency_key": f"{pool}-{name}"}
            made = until(lambda: _created(f"{api(missions)}/deployments/{found['id']}", body))
            return Deployed(missions, name, made)

        return start


def deployed(missions: Missions) -> Hosting:
    """The missions, with a work pool of their own."""
    assert missions("server", "start").returncode == 0
    env = {
        "MISSION_HOME": str(missions.home),
        "MISSION_PATIENCE": "0",
        "PREFECT_API_URL": api(missions),
        "PREFECT_API_SSL_CERT_FILE": str(missions.home / "prefect" / "unused-certificate.pem"),
        "PREFECT_HOME": str(missions.home / "prefect-worker"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    assert missions("pool", pool_of(missions)).returncode == 0
    return Hosting(missions, os.environ | env)


def notice_silence_soon(missions: Missions) -> None:
    """After two heartbeats that did not come, not three."""
    name = f"missions {pool_of(missions)}: silent"
    [silent] = ask(missions, "automations", {"automations": {"name": {"any_": [name]}}})
    changed = {key: silent[key] for key in ("name", "actions", "trigger")}
    changed["trigger"]["within"] = _NOTHING_HEARD
    requested("PUT", f"{api(missions)}/automations/{silent['id']}", changed)


def requested(method: str, url: str, body: Data | list[Data] | None = None) -> httpx.Response:
    """What Prefect answers, as soon as it has time: with SQLite it may be busy."""
    return until(lambda: _unless_busy(method, url, body)).raise_for_status()


def _unless_busy(method: str, url: str, body: Data | list[Data] | None) -> httpx.Response | None:
    try:
        response = HTTP.request(method, url, json=body)
    except httpx.TimeoutException:
        return None
    return None if response.status_code == _BUSY else response


def _created(deployment: str, body: Data) -> str | None:
    """The flow run, as soon as the server has time for it: SQLite may be busy."""
    made = HTTP.post(f"{deployment}/create_flow_run", json=body)
    return str(made.json()["id"]) if made.is_success else None


def pool_of(missions: Missions) -> str:
    """One of its own on a server that many tests share: another's worker would take the run."""
    return "-".join(missions.home.parts[-3:-1])


def nobody_is_there(run: Deployed) -> bool:
    return not (run.folder / "owner.json").exists() and not alive(run.folder)
