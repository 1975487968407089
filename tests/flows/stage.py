"""How the tests of missions set the stage, and what they look at afterwards."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from tests.conftest import Data, Missions
from tests.process import Process
from workspaces.process import environment

T = TypeVar("T")
Step = Data
Steps = list[Step]

HTTP = httpx.Client(
    timeout=30,
    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # to read certificates takes longer than the question
    limits=httpx.Limits(max_keepalive_connections=0),  # a server that was started anew knows of none
)
LONG = 240.0
"""Seconds after which what a test waits for will not come."""
_LONGEST_PAUSE = 0.25
"""Seconds between two looks: to look takes time from what is looked for."""


def until(look: Callable[[], T | None]) -> T:
    """What `look` sees as soon as it sees something."""
    deadline, pause = time.monotonic() + LONG, 0.02
    while not (seen := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return seen


def git(repo: Path, *words: str) -> str:
    """git as the owner of the repository runs it."""
    done = subprocess.run(["git", "-C", str(repo), *words], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def there(repo: Path, revision: str) -> bool:
    """Whether git knows the revision."""
    argv = ["git", "-C", str(repo), "rev-parse", "-q", "--verify", revision]
    return subprocess.run(argv, env=environment(), capture_output=True).returncode == 0


def parents(repo: Path, commit: str) -> list[str]:
    return git(repo, "show", "-s", "--format=%P", commit).split()


def alive(words: Path) -> bool:
    """Whether any process has the path among its arguments."""
    return any(os.fsencode(words) in _arguments(process) for process in Path("/proc").glob("[0-9]*"))


def _arguments(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it is gone
        return b""


# Steps of the scripted agent.


def write(name: str, text: str = "done\n") -> Step:
    return {"write": {"path": name, "text": text}}


def shell(line: str) -> Step:
    return {"run": line}


def wait_for(file: Path) -> Step:
    """The agent goes on when the file is there; its process has the path among its arguments."""
    name = shlex.quote(str(file))
    return shell(f"for _ in $(seq 300); do if [ -e {name} ]; then exit 0; fi; sleep 0.2; done; exit 1")


def touch(file: Path) -> Step:
    return shell(f"touch {shlex.quote(str(file))}")


def workers(**scripts: Steps) -> Data:
    """A script in which each feature has one way to go, whatever the attempt. `a__b` is the feature `a-b`."""
    return {"worker": {name.replace("__", "-"): [steps] for name, steps in scripts.items()}}


def feature(name: str, *needs: str, **more: object) -> Data:
    return {"id": name, "spec": f"Make {name}.", "needs": list(needs), **more}


def milestone(name: str, *features: Data, checks: list[Data] | None = None) -> Data:
    return {"name": name, "features": list(features), "validate": checks or []}


def check(line: str, **more: object) -> Data:
    return {"kind": "command", "run": line, **more}


@dataclass(frozen=True)
class Run:
    """What can be seen of a run, also while it goes on."""

    missions: Missions
    name: str

    @property
    def repo(self) -> Path:
        return self.missions.repo

    @property
    def folder(self) -> Path:
        return self.missions.home / "runs" / self.name

    @property
    def branch(self) -> str:
        return f"mission/{self.name}"

    def events(self, *kinds: str, **fields: object) -> list[Data]:
        """The ledger's events of these kinds with these fields, oldest first."""
        text = (self.folder / "ledger.jsonl").read_text()
        found: list[Data] = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        chosen = [event for event in found if not kinds or event["type"] in kinds]
        return [event for event in chosen if all(event.get(name) == value for name, value in fields.items())]

    def sessions(self, kind: str = "worker_started") -> list[str]:
        return [event["workerSessionId"] for event in self.events(kind)]

    def status(self) -> Data:
        status: Data = json.loads(self.missions("status", self.name, "--json").stdout)
        return status

    def report(self) -> Data:
        report: Data = json.loads((self.folder / "report.json").read_text())
        return report

    def milestone(self, name: str) -> Data:
        found: Data = next(m for m in self.report()["milestones"] if m["name"] == name)
        return found

    def feature(self, name: str) -> Data:
        found: Data = next(f for m in self.report()["milestones"] for f in m["features"] if f["id"] == name)
        return found

    def tip(self) -> str:
        return git(self.repo, "rev-parse", f"refs/heads/{self.branch}")

    def file(self, name: str, revision: str | None = None) -> str:
        return git(self.repo, "show", f"{revision or self.branch}:{name}")

    def archived(self) -> dict[str, str]:
        """The references that keep every attempt's work: name without its prefix, and commit."""
        prefix = f"refs/missions/{self.name}/"
        lines = git(self.repo, "for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return {ref.removeprefix(prefix): sha for ref, sha in (line.split() for line in lines)}

    def leftovers(self) -> list[str]:
        """Worktrees and work branches in the user's repository, and folders of worktrees."""
        trees = git(self.repo, "worktree", "list", "--porcelain").split("\n\n")[1:]
        branches = git(self.repo, "branch", "--list", "missions/*").splitlines()
        return [*trees, *branches, *map(str, (self.missions.home / "worktrees").glob("*/*"))]

    def most_at_once(self) -> int:
        """The largest number of agents at work at any time, by the order of the ledger."""
        steps = [
            1 if event["type"] == "worker_started" else -1
            for event in self.events("worker_started", "worker_completed", "worker_failed", "worker_paused")
        ]
        return max(sum(steps[: n + 1]) for n in range(len(steps)))

    def wait_for(self, kind: str, **fields: object) -> Data:
        return until(lambda: self.events(kind, **fields))[0]


@dataclass(frozen=True)
class Ended(Run):
    """A run that was played to its end."""

    code: int


@dataclass(frozen=True)
class Going(Run):
    """A run in a process that goes on beside the test."""

    process: Process

    def end(self) -> int:
        """The exit code of its process, when it ends."""
        self.process.communicate(timeout=LONG)
        return self.process.wait()


def play(missions: Missions, blueprint: Data, script: Data, *words: str) -> Ended:
    """`mission run --yes` to its end."""
    code, report = missions.run(blueprint, script, *words)
    return Ended(missions, report["run"], code)


def start(missions: Missions, blueprint: Data, script: Data, *words: str) -> Going:
    """`mission run`, going on; returned when its ledger is there."""
    return begin(missions, missions.blueprint(blueprint, script), *words)


def begin(missions: Missions, blueprint: Path, *words: str) -> Going:
    """The same with a blueprint's file."""
    before = _accepted(missions)
    process = missions.start("run", blueprint, "--repo", missions.repo, *words)
    until(lambda: process.poll() is not None or _accepted(missions) - before)
    [name] = _accepted(missions) - before
    return Going(missions, name, process)


def _accepted(missions: Missions) -> set[str]:
    return {ledger.parent.name for ledger in (missions.home / "runs").glob("*/ledger.jsonl")}


def resume(run: Run) -> int:
    return run.missions("resume", run.name).returncode


def api(missions: Missions) -> str:
    """The address of the API of the Prefect server that the missions use."""
    return str(json.loads((missions.home / "prefect" / "server.json").read_text())["url"]) + "/api"


def ask(missions: Missions, path: str, question: Data) -> list[Data]:
    """What Prefect's API answers to a filter."""
    response = HTTP.post(f"{api(missions)}/{path}/filter", json=question)
    answer: list[Data] = response.raise_for_status().json()
    return answer


def answer(gate: Data, **answer: object) -> None:
    """Fill in the form of a gate as Prefect's UI does; it opens a moment after the ledger has its event."""
    url = f"{gate['api']}/flow_runs/{gate['flowRun']}/resume"
    until(lambda: _accepts(url, answer))


def _accepts(url: str, answer: Data) -> bool:
    response = HTTP.post(url, json={"run_input": answer})
    return response.is_success and bool(response.json().get("status") == "ACCEPT")


def flow_run(run: Run) -> Data:
    [found] = ask(run.missions, "flow_runs", {"flow_runs": {"name": {"any_": [run.name]}}})
    return found
