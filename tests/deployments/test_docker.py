"""A mission in containers of the project's own image, started by a Docker worker. Part of `make test-docker` alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.conftest import Data, Missions
from tests.deployments.composed import free_port, listens, programs
from tests.deployments.engine import IMAGE, Engine, docker
from tests.flows.stage import Run, answer, api, ask, feature, milestone, until, workers, write

pytestmark = pytest.mark.skipif("MISSION_TEST_DOCKER" not in os.environ, reason="it takes minutes: `make test-docker`")
POOL = "containers"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with docker() as found:
        if found is None:
            pytest.skip("no Docker engine answers, and none can be started; `scripts/docker` installs Debian's")
        found.build()
        yield found


def test_a_mission_asks_in_one_container_and_passes_in_the_next(
    engine: Engine, missions: Missions, tmp_path: Path
) -> None:
    assert missions("server", "start").returncode == 0
    missions.variables["PREFECT_API_URL"] = api(missions)
    inside = replace(missions, home=tmp_path / "inside")
    inside.home.mkdir()
    where = ["--pool", POOL, "--image", IMAGE, "--repo", str(missions.repo)]
    for words in (["pool", POOL, "--type", "docker"], ["deploy", _blueprint(missions), *where]):
        done = missions(*words)
        assert done.returncode == 0, done.stderr
    with _worker(engine, missions):
        _start(inside)
        [name] = until(inside.runs)
        run = Run(inside, name)
        until((run.folder / "ledger.jsonl").exists)
        gate = run.wait_for("plan_proposed")
        until(lambda: not _containers(engine))
        answer(gate, decision="approve", by="Ada")
        until(lambda: ask(missions, "flow_runs", _passed(name)))
    assert (run.report()["status"], run.file("a")) == ("passed", "done")
    assert len(run.events("mission_run_started")) == 2


def test_the_image_serves_prefects_ui_although_its_user_may_not_write_to_its_programs(engine: Engine) -> None:
    port = free_port()
    server = engine.run("run", "--detach", "--network=host", IMAGE, "prefect", "server", "start", "--port", port)
    try:
        until(lambda: listens(port))
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=30)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    finally:
        engine.run("rm", "--force", server.stdout.strip())


def _blueprint(missions: Missions) -> Path:
    """One that is understood wherever its text is: what it names is named by its whole path."""
    script = str(missions.folder / "script.yaml")
    player = {"kind": "scripted", "script": script, "retries": 0}
    whole: Data = {"agents": {"player": player}, "milestones": [milestone("one", feature("a"))]}
    return missions.blueprint(whole, workers(a=[write("a")]))


@contextmanager
def _worker(engine: Engine, missions: Missions) -> Generator[None]:
    home = {"PREFECT_HOME": str(missions.folder / "prefect"), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    env = os.environ | engine.env | missions.variables | home | {"PATH": programs()}
    argv = ["prefect", "worker", "start", "--pool", POOL, "--type", "docker"]
    with (missions.folder / "worker.log").open("wb") as log, subprocess.Popen(argv, env=env, stderr=log) as worker:
        try:
            yield
        finally:
            worker.terminate()


def _passed(name: str) -> Data:
    return {"flow_runs": {"name": {"any_": [name]}, "state": {"name": {"any_": ["Completed"]}}}}


def _containers(engine: Engine) -> list[str]:
    return engine.run("ps", "--quiet", "--filter", f"ancestor={IMAGE}").stdout.split()


def _start(inside: Missions) -> None:
    """As the deployment's page does, with the test's folders, and as the user who owns them."""
    url = inside.variables["PREFECT_API_URL"]
    deployment = httpx.get(f"{url}/deployments/name/mission/demo", timeout=30).raise_for_status().json()["id"]
    mounted = [f"{inside.home}:/missions", *(f"{path}:{path}" for path in (inside.repo, inside.folder))]
    variables: Data = {"image": IMAGE, "volumes": mounted, "auto_remove": True}
    variables["container_create_kwargs"] = {"user": f"{os.getuid()}:{os.getgid()}", "init": True}
    body = {"job_variables": variables}
    httpx.post(f"{url}/deployments/{deployment}/create_flow_run", json=body, timeout=30).raise_for_status()
