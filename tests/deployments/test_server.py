"""The server for a team: what compose.yaml promises, and a mission on the set that it describes."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from tests.conftest import Data, Missions
from tests.deployments.composed import Composed, NotSetError, composed, composition, programs
from tests.flows.stage import Run, feature, milestone, until, wait_for, workers, write

LOGIN = {
    "POSTGRES_PASSWORD": "f00d5afe",
    "PREFECT_SERVER_API_AUTH_STRING": "team:correct horse",
    "PREFECT_SERVER_ENCRYPTION_KEY": b64encode(bytes(32)).decode(),
}
NAME, PASSWORD = "team", "correct horse"


def test_nothing_starts_without_passwords_of_your_own() -> None:
    for left_out in LOGIN:
        given = {name: value for name, value in LOGIN.items() if name != left_out}
        with pytest.raises(NotSetError, match=left_out):
            composition(given)


def test_only_the_api_can_be_reached_and_agents_reach_no_store() -> None:
    services: Data = composition(LOGIN)["services"]
    assert {name: one["ports"] for name, one in services.items() if "ports" in one} == {"api": ["127.0.0.1:4200:4200"]}
    beside = [name for name, one in services.items() if one["networks"] == ["stores"]]
    assert (beside, services["worker"]["networks"]) == (["postgres", "redis", "migrate"], ["default"])
    assert composition(LOGIN)["networks"]["stores"] == {"internal": True}


@pytest.fixture
def team(missions: Missions) -> Iterator[Composed]:
    """The services of compose.yaml, at work."""
    lacking = [name for name in ("postgres", "redis-server", "psql") if not shutil.which(name, path=programs())]
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not found: install the packages postgresql and redis-server")
    if not importlib.util.find_spec("prefect_redis"):
        pytest.skip("prefect-redis is not installed: it is in the dependency group `server`")
    quick = {"worker": {"PREFECT_WORKER_QUERY_SECONDS": "1"}}
    with (
        tempfile.TemporaryDirectory() as folder,  # not `tmp_path`: PostgreSQL's user could not enter it
        composed(Path(folder), LOGIN, volumes={"/missions": missions.home}, more=quick) as started,
    ):
        yield started


def test_a_team_s_mission_is_deployed_approved_and_passes_while_the_api_is_started_anew(
    team: Composed, missions: Missions, tmp_path: Path
) -> None:
    missions.variables |= {"PREFECT_API_URL": team.api, "PREFECT_API_AUTH_STRING": f"{NAME}:{PASSWORD}"}
    flag = tmp_path / "go"
    blueprint = missions.blueprint({"milestones": [milestone("one", feature("a"))]}, _script(flag))
    deployed = missions("deploy", blueprint, "--repo", missions.repo)
    assert deployed.returncode == 0, deployed.stderr
    with httpx.Client(base_url=team.api, auth=(NAME, PASSWORD), timeout=30) as client:
        start = f"/deployments/{_found(client.get('/deployments/name/mission/demo'))['id']}/create_flow_run"
        assert client.post(start, json={}, auth=(NAME, "wrong")).status_code == HTTPStatus.UNAUTHORIZED
        flow_run = f"/flow_runs/{_found(client.post(start, json={}))['id']}"
        [name] = until(missions.runs)
        run = Run(missions, name)
        until((run.folder / "ledger.jsonl").exists)
        run.wait_for("plan_proposed")
        until(lambda: _is(client, flow_run, "Suspended"))
        until(lambda: _approved(client, flow_run))
        run.wait_for("worker_started")
        team.stop("api")
        team.start("api")
        flag.touch()
        run.wait_for("mission_completed")
        until(lambda: _is(client, flow_run, "Completed"))
    assert (run.status()["status"], run.file("a")) == ("passed", "done")
    assert _in_postgres(team, f"SELECT state_name FROM flow_run WHERE name = '{name}'") == ["Completed"]
    # what a mission tells reaches the database through the API, a stream in Redis, and the services
    told = f"SELECT event FROM events WHERE resource_id = 'mission.run.{name}' AND event = 'mission.completed'"
    until(lambda: _in_postgres(team, told))
    groups: list[Data] = json.loads(team.run("redis-cli", "--json", "-p", "6379", "XINFO", "GROUPS", "events"))
    assert groups
    assert all(group["entries-read"] for group in groups)


def _found(response: httpx.Response) -> Data:
    found: Data = response.raise_for_status().json()
    return found


def _is(client: httpx.Client, flow_run: str, state: str) -> bool:
    found: Data = _found(client.get(flow_run))["state"]
    assert found["type"] not in ("FAILED", "CRASHED"), found["message"]
    return bool(found["name"] == state)


def _approved(client: httpx.Client, flow_run: str) -> bool:
    form = {"run_input": {"decision": "approve", "by": "Ada"}}
    told = client.post(f"{flow_run}/resume", json=form)
    return told.is_success and told.json()["status"] == "ACCEPT"


def _in_postgres(team: Composed, question: str) -> list[str]:
    url = f"postgresql://prefect:{LOGIN['POSTGRES_PASSWORD']}@postgres:5432/prefect"
    return team.run("psql", url, "--no-align", "--tuples-only", "--command", question).splitlines()


def _script(flag: Path) -> Data:
    return workers(a=[wait_for(flag), write("a")])
