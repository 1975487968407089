"""`mission deploy` and `mission pool`: what is in Prefect afterwards, also after the second time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.deployments.listener import make_block
from tests.flows.conftest import NewMissions
from tests.flows.deployment import pool_of, requested
from tests.flows.stage import api, ask, feature, milestone

PROJECT = Path(__file__).parents[2]
BLUEPRINT: Data = {"goal": "Try it.", "milestones": [milestone("one", feature("a"))]}
HEARTBEAT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}


@pytest.fixture(scope="module")
def missions(new_missions: NewMissions) -> Missions:
    """With a pool of processes and one of containers."""
    missions = new_missions()
    assert missions("server", "start").returncode == 0
    for words in (("pool", _pool(missions)), ("pool", _pool(missions, "docker"), "--type", "docker")):
        done = missions(*words)
        assert (done.returncode, done.stderr) == (0, "")
    return missions


def test_a_deployment_is_made_once_and_its_form_is_typed_explained_and_filled_in(missions: Missions) -> None:
    path = missions.blueprint(BLUEPRINT | {"schedule": {"cron": "0 22 * * *", "timezone": "Europe/Berlin"}})
    told = _deploy(missions, path, "--repo", str(missions.repo), "--set", "maxConcurrency=2")
    first = _deployment(missions)
    paused = first["schedules"][0]
    requested("PATCH", f"{api(missions)}/deployments/{first['id']}/schedules/{paused['id']}", {"active": False})
    _deploy(missions, path, "--cron", "0 23 * * *")
    second = _deployment(missions)

    assert second["id"] == first["id"]
    assert [(one["schedule"]["cron"], one["schedule"]["timezone"], one["active"]) for one in second["schedules"]] == [
        ("0 23 * * *", "Europe/Berlin", False)
    ]
    form = first["parameter_openapi_schema"]["properties"]
    assert form.keys() >= {"blueprint", "repository", "max_concurrency", "run", "settings", "until"}
    assert [name for name, field in form.items() if not field["description"]] == []
    assert [form["blueprint"]["type"], form["until"]["anyOf"][0]["format"]] == ["string", "date-time"]
    settings = {"maxConcurrency": "2"}
    assert first["parameters"] == {"blueprint": str(path), "repository": str(missions.repo), "settings": settings}
    assert first["enforce_parameter_schema"] is True
    assert (first["tags"], first["entrypoint"]) == (["missions", "demo"], "flows/mission.py:mission")
    assert first["pull_steps"] == [_work_in(PROJECT)]
    shown = missions("show", path, "--format", "markdown", "--set", "maxConcurrency=2").stdout.strip()
    assert ("Try it." in shown, first["description"].strip()) == (True, shown)
    assert len(first["version"]) == 12
    for word in ("prefect deployment run mission/", "--watch", f"/deployment/{first['id']}", "prefect worker start"):
        assert word in told


def test_a_container_is_given_the_blueprint_as_text_and_an_image(missions: Missions) -> None:
    agents = {"agents": {"player": {"kind": "command", "argv": ["true"]}}}
    path = missions.blueprint(BLUEPRINT | agents | {"mission": "contained"})
    pool = _pool(missions, "docker")
    _deploy(missions, path, "--image", "missions", "--repo", "/repo", pool=pool)
    made = _deployment(missions)
    assert made["parameters"] == {"blueprint": path.read_text(), "repository": "/repo"}
    assert (made["job_variables"], made["work_pool_name"]) == ({"image": "missions"}, pool)
    assert made["pull_steps"] == [_work_in(Path("/opt/missions"))]
    variables = _work_pool(missions, pool)["base_job_template"]["variables"]["properties"]
    assert (variables["env"]["default"], variables["volumes"]["default"]) == (HEARTBEAT, ["missions:/missions"])


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["--cron", "0 22 * *"], "'0 22 * *' is no crontab line", 2),
        (["--cron", "0 22 * * *", "--timezone", "Mars"], "'Mars' is no time zone", 2),
        (["--timezone", "UTC"], "--timezone: of what?", 2),
        (["--pool", "nowhere"], "there is no work pool 'nowhere'; make it with `mission pool nowhere`", 2),
        (["--image", "missions", "--repo", "/repo"], "runs processes, not images", 2),
        (["--set", "mission=A b"], "--set mission: mission: ", 2),
    ],
)
def test_what_cannot_be_deployed_is_refused_in_a_sentence(
    missions: Missions, words: list[str], told: str, code: int
) -> None:
    path = missions.blueprint(BLUEPRINT)
    done = missions("deploy", path, "--pool", _pool(missions), "--name", "refused", *words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    assert told in done.stderr


def test_a_server_that_is_away_is_told_in_a_sentence(missions: Missions) -> None:
    away = Missions(missions.folder, missions.repo, missions.home, {"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    done = away("deploy", missions.blueprint(BLUEPRINT))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "http://127.0.0.1:9/api does not answer" in done.stderr


def test_a_pool_is_made_once_and_so_are_its_automations(missions: Missions) -> None:
    pool, url = _pool(missions, "told"), api(missions)
    block = make_block(url, "webhook", pool, {"url": "http://127.0.0.1:9"})
    assert missions("pool", pool, "--limit", "2", "--notify", block).returncode == 0
    first = _automations(missions, pool)
    off = next(one for one in first if one["name"].endswith("finished"))
    requested("PATCH", f"{url}/automations/{off['id']}", {"enabled": False})
    done = missions("pool", pool, "--notify", block)

    second = {one["id"]: one for one in _automations(missions, pool)}
    assert second.keys() == {one["id"] for one in first}
    names = {one["name"].removeprefix(f"missions {pool}: "): one["enabled"] for one in second.values()}
    told = dict.fromkeys(["waits", "failed", "cancelled", "stuck", "nobody begins", "silent", "crashed"], True)
    assert names == told | {"finished": False}
    kept = _work_pool(missions, pool)
    assert (kept["type"], kept["concurrency_limit"]) == ("process", 2)
    assert kept["base_job_template"]["variables"]["properties"]["env"]["default"] == HEARTBEAT
    assert done.stdout.splitlines()[0] == f"work pool {pool} (process, at most 2 at once)"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--notify", "slack-webhook/nobody"], "--notify slack-webhook/nobody: there is no such block"),
        (["--notify", "nobody"], "write it as BLOCK_TYPE/BLOCK_NAME"),
        (["--type", "docker"], "is of type process"),
        (["--image", "missions"], "--image and --volume are for a pool of containers"),
    ],
)
def test_a_pool_that_cannot_be_is_refused_in_a_sentence(missions: Missions, words: list[str], told: str) -> None:
    done = missions("pool", _pool(missions), *words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert told in done.stderr


def test_all_deployments_of_the_project_are_made(missions: Missions) -> None:
    assert missions("pool", "missions").returncode == 0
    assert missions("pool", "missions-docker", "--type", "docker").returncode == 0
    argv = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    env = os.environ | {"PREFECT_API_URL": api(missions)}
    done = subprocess.run(argv, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {name: _deployment(missions, name) for name in ("on-demand", "nightly", "docker")}
    places = {name: one["pull_steps"] for name, one in made.items()}
    here, in_the_image = [_work_in(PROJECT)], [_work_in(Path("/opt/missions"))]
    assert places == {"on-demand": here, "nightly": here, "docker": in_the_image}
    [schedule] = made["nightly"]["schedules"]
    assert (schedule["active"], schedule["schedule"]["timezone"]) == (False, "Europe/Berlin")
    assert made["docker"]["job_variables"] == {"image": "missions"}


def _pool(missions: Missions, kind: str = "process") -> str:
    return f"{pool_of(missions)}-{kind}"


def _deploy(missions: Missions, path: Path, *words: str, pool: str = "") -> str:
    name = ("--name", pool_of(missions), "--pool", pool or _pool(missions))
    done = missions("deploy", path, *name, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _deployment(missions: Missions, name: str = "") -> Data:
    """By its name there is at most one."""
    path = f"{api(missions)}/deployments/name/mission/{name or pool_of(missions)}"
    found: Data = requested("GET", path).json()
    return found


def _work_pool(missions: Missions, name: str) -> Data:
    found: Data = requested("GET", f"{api(missions)}/work_pools/{name}").json()
    return found


def _automations(missions: Missions, pool: str) -> list[Data]:
    return [one for one in ask(missions, "automations", {}) if one["name"].startswith(f"missions {pool}: ")]


def _work_in(folder: Path) -> Data:
    return {"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}
