"""What `prefect deployment run --watch` says in each outcome, who is told, and a mission that loses its worker."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.deployments.listener import Listener, listening, make_block
from tests.flows.conftest import NewMissions
from tests.flows.deployment import Deployed, Hosting, deployed, notice_silence_soon, pool_of, requested
from tests.flows.stage import LONG, alive, api, feature, milestone, until, wait_for, workers, write
from tests.process import interpreter


@dataclass(frozen=True)
class Watched:
    """`prefect deployment run --watch`, going on."""

    hosting: Hosting
    process: subprocess.Popen[bytes]
    out: Path

    def run(self) -> Deployed:
        """The run, when its flow run has been made and named."""
        found = until(lambda: re.search(r"UUID: (\S+)", self.out.read_text()))
        run = Deployed(self.hosting.missions, "", found[1])
        name = until(lambda: run.ask("GET")["name"] if run.state()[0] in ("PAUSED", "RUNNING") else None)
        return Deployed(self.hosting.missions, name, found[1])

    def code(self) -> int:
        return self.process.wait(LONG)


@dataclass
class Story:
    """What came of everything."""

    codes: dict[str, int] = field(default_factory=dict[str, int])
    lost: Deployed | None = None
    waiting: list[Data] = field(default_factory=list[Data])
    """What was heard of the question: through the webhook, and through the notification."""
    passing: list[Data] = field(default_factory=list[Data])
    """And of the end."""


@pytest.fixture(scope="module")
def story(new_missions: NewMissions, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A mission loses its worker in the middle of the work; until that is noticed, three others end otherwise."""
    flag = tmp_path_factory.mktemp("flag") / "go-on"
    told, hosting = Story(), deployed(new_missions())
    with listening() as listener:
        _tell(hosting.missions, listener)
        _deploy_passing(hosting, flag)
        watched = _watch(hosting, "passed")
        with hosting.worker() as worker:
            told.lost = run = watched.run()
            run.wait_for_state("PAUSED", "Suspended")
            told.waiting = _told_in_both_ways(listener, "waits for a decision")
            run.resume(decision="approve", by="Ada")
            until(lambda: alive(flag))
            worker.send_signal(signal.SIGKILL)
            os.kill(json.loads((run.folder / "owner.json").read_text())["pid"], signal.SIGKILL)
        told.codes = _others(deployed(new_missions()))
        run.wait_for_state("SCHEDULED", "AwaitingRetry")
        flag.touch()
        with hosting.worker():
            told.codes["passed"] = watched.code()
        told.passing = _told_in_both_ways(listener, " passed")
    return told


@pytest.mark.parametrize(("outcome", "code"), [("passed", 0), ("failed", 1), ("rejected", 1), ("cancelled", 1)])
def test_prefect_s_exit_code_tells_whether_the_mission_passed(story: Story, outcome: str, code: int) -> None:
    assert story.codes[outcome] == code


def test_a_mission_whose_process_and_worker_are_gone_goes_on_by_itself(story: Story) -> None:
    run = story.lost
    assert run
    assert (run.lives(), run.sessions("worker_completed"), run.file("a")) == (3, ["a.2"], "done")


def test_whoever_decides_is_told_what_waits_and_how_to_answer(story: Story) -> None:
    run = story.lost
    assert run
    by_webhook, by_notification = story.waiting
    assert (by_webhook["run"], by_webhook["event"]) == (run.name, "mission.plan_proposed")
    assert by_notification == {"text": f"{by_webhook['subject']}: {by_webhook['body']}"}
    assert by_webhook["subject"] == f"{run.name} waits for a decision"
    page = f"{api(run.missions).removesuffix('/api')}/runs/flow-run/{run.flow_run}"
    for word in ("plan is to be approved", page, f"mission approve|reject|revise {run.name}"):
        assert word in by_webhook["body"]


def test_whoever_waits_is_told_that_it_passed(story: Story) -> None:
    run = story.lost
    assert run
    told = story.passing[0]
    assert (told["subject"], told["event"]) == (f"{run.name} passed", "mission.completed")
    assert f"{run.branch} at {run.tip()}" in told["body"]


def test_whatever_happens_in_a_mission_belongs_to_its_work_pool(story: Story) -> None:
    run = story.lost
    assert run
    question = {"filter": {"resource": {"id": [f"mission.run.{run.name}"]}}}
    events = requested("POST", f"{api(run.missions)}/events/filter", question).json()["events"]
    pools = {event["event"]: _related(event, "work-pool") for event in events}
    assert pools.keys() >= {"mission.plan_proposed", "mission.worker_started", "mission.completed"}
    assert set(pools.values()) == {pool_of(run.missions)}


def _related(event: Data, role: str) -> str:
    roles = {one["prefect.resource.role"]: one for one in event["related"]}
    return str(roles[role]["prefect.resource.name"])


def _tell(missions: Missions, listener: Listener) -> None:
    """The listener is notified in both ways that Prefect has; silence is noticed sooner than usual."""
    pool, url = pool_of(missions), api(missions)
    text = {"name": pool, "url": listener.url, "json_data": {"text": "{{subject}}: {{body}}"}}
    blocks = [
        make_block(url, "webhook", pool, {"url": listener.url}),
        make_block(url, "custom-webhook", pool, text),
    ]
    assert missions("pool", pool, *(word for block in blocks for word in ("--notify", block))).returncode == 0
    notice_silence_soon(missions)


def _told_in_both_ways(listener: Listener, about: str) -> list[Data]:
    """Each once: a busy server may say a thing again."""

    def look() -> list[Data] | None:
        texts = {json.dumps(told) for told in listener.heard if about in str(told)}
        told = sorted(map(json.loads, texts), key=lambda told: "text" in told)
        return told if len(told) == 2 else None

    return until(look)


def _deploy_passing(hosting: Hosting, flag: Path) -> None:
    script: Data = {"worker": {"a": [[wait_for(flag), write("a")], [wait_for(flag), write("a")]]}}
    path = hosting.missions.blueprint({"milestones": [milestone("one", feature("a"))]}, script)
    hosting.deploy(path, pool_of(hosting.missions))


def _others(hosting: Hosting) -> dict[str, int]:
    """A mission that fails, one that is rejected, one that is cancelled while it waits: exit codes by outcome."""
    path = hosting.missions.blueprint({"milestones": [milestone("one", feature("a"))]}, workers(a=[]))
    hosting.deploy(path, pool_of(hosting.missions))
    watched = {
        "failed": _watch(hosting, "failed", "--param", 'settings={"requirePlanApproval": "false"}'),
        "rejected": _watch(hosting, "rejected"),
        "cancelled": _watch(hosting, "cancelled"),
    }
    with hosting.worker():
        rejected, cancelled = watched["rejected"].run(), watched["cancelled"].run()
        rejected.wait_for_state("PAUSED", "Suspended")
        rejected.resume(decision="reject", note="not now")
        cancelled.wait_for_state("PAUSED", "Suspended")
        cancelled.ask("POST", "/set_state", {"state": {"type": "CANCELLING"}})
        return {name: one.code() for name, one in watched.items()}


def _watch(hosting: Hosting, outcome: str, *words: str) -> Watched:
    """The deployment named after the pool, run for the sake of this outcome."""
    out = hosting.missions.folder / f"{outcome}.out"
    name = f"mission/{pool_of(hosting.missions)}"
    argv = [str(interpreter.python), "-m", "prefect", "deployment", "run", name, "--watch", *words]
    with out.open("wb") as stream:
        process = subprocess.Popen(argv, env=hosting.env, stdout=stream, stderr=stream)
    return Watched(hosting, process, out)
