"""CI jobs as they are: each a fresh clone and an empty home, and nothing in common but the remote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.conftest import Data, Missions
from tests.flows.stage import Going, Run, check, feature, git, milestone, shell, until, write

AGENT_SAYS = "::set-env name=PWNED::yes"
"""What an agent of the tests prints, and hands in."""


@dataclass(frozen=True)
class Ci:
    """A bare remote with a blueprint in it, and jobs on it."""

    folder: Path
    origin: Path
    prefect: Path

    def job(self, name: str, *, depth: int | None = None) -> Job:
        top = self.folder / name
        (top / "home").mkdir(parents=True)
        (top / "home" / "prefect").symlink_to(self.prefect)
        shallow = ["--depth", str(depth)] if depth else []
        git(self.folder, "clone", "-q", *shallow, f"file://{self.origin}", str(top / "checkout"))
        return Job(Missions(top, top / "checkout", top / "home"))

    def refs(self) -> dict[str, str]:
        """The references of the remote, and their commits."""
        lines = git(self.origin, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)


@dataclass(frozen=True)
class Job:
    missions: Missions

    @property
    def checkout(self) -> Path:
        return self.missions.repo

    def run(self, *words: str) -> Done:
        done = self.missions(*self._words(*words))
        return Done(self, done.returncode, done.stdout, done.stderr)

    def follow(self, words: list[str]) -> Done:
        """A command of the documentation, as if it was called in the checkout."""
        files = {name: str(self.file(name)) for name in ("mission.bundle", "junit.xml")}
        files["mission.yaml"] = str(self.checkout / "mission.yaml")
        done = self.missions(*(files.get(word, word) for word in words), "--repo", self.checkout)
        return Done(self, done.returncode, done.stdout, done.stderr)

    def file(self, name: str) -> Path:
        return self.missions.folder / name

    def start(self, *words: str) -> Going:
        process = self.missions.start(*self._words(*words))
        ledgers = (self.missions.home / "runs").glob
        until(lambda: process.poll() is not None or [*ledgers("*/ledger.jsonl")])
        return Going(self.missions, self.missions.runs()[0], process)

    def told_at_github(self) -> Path:
        """From now on the job believes that it is one of GitHub's; where it writes what GitHub reads."""
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            self.missions.variables[name] = str(self.missions.folder / name)
        self.missions.variables["GITHUB_ACTIONS"] = "true"
        return self.missions.folder

    def _words(self, *words: str) -> list[str]:
        return ["run", str(self.checkout / "mission.yaml"), "--ci", *words]


@dataclass(frozen=True)
class Done:
    job: Job
    code: int
    out: str
    errors: str

    @property
    def run(self) -> Run:
        return Run(self.job.missions, self.job.missions.runs()[0])


def new_ci(folder: Path, mission_home: Path) -> Ci:
    """Without a blueprint yet: see `put`."""
    (mission_home / "prefect").mkdir(exist_ok=True)
    git(folder, "init", "-q", "--bare", "-b", "main", "origin.git")
    return Ci(folder, folder / "origin.git", mission_home / "prefect")


def put(ci: Ci, script: Data, **more: object) -> None:
    """Two milestones and a contract, committed on the remote's `main`. Each agent writes a file of its name."""
    blueprint: Data = {
        "mission": "demo",
        "goal": "Try it.",
        "reruns": 0,
        "agents": {"player": {"kind": "scripted", "script": "script.yaml", "retries": 0}},
        "contract": {"VAL-A-001": {"says": "The end is there.", "check": check("grep -q end c.txt")}},
        "milestones": [
            milestone("one", _made("a"), _made("b"), checks=[check("cat a.txt b.txt")]),
            milestone("two", feature("c", fulfills=["VAL-A-001"]), checks=[check("cat c.txt")]),
        ],
    }
    first = ci.folder / "first"
    git(ci.folder, "init", "-q", "-b", "main", str(first))
    (first / "mission.yaml").write_text(yaml.safe_dump(blueprint | more, sort_keys=False))
    (first / "script.yaml").write_text(yaml.safe_dump(script))
    for words in (
        ["config", "user.name", "Owner"],
        ["config", "user.email", "owner@localhost"],
        ["add", "-A"],
        ["commit", "-q", "-m", "Start"],
        ["push", "-q", str(ci.origin), "main"],
    ):
        git(first, *words)


def agents(*before_c: Data) -> Data:
    """The scripted agents; `before_c` is what the last one does first, at its first attempt."""
    said = {"handoff": {"salientSummary": f"done\n{AGENT_SAYS}\n##[add-mask]x", "whatWasImplemented": "All."}}
    last = [write("c.txt", "the end\n"), said]
    return {
        "worker": {
            "a": [[shell(f"echo '{AGENT_SAYS}'"), write("a.txt", "a\n"), said]],
            "b": [[write("b.txt", "b\n")]],
            "c": [[*before_c, *last], last],
        }
    }


def undisturbed_tree(job: Job) -> str:
    """The tree of all that the agents write, on top of `main`."""
    for name, text in {"a": "a\n", "b": "b\n", "c": "the end\n"}.items():
        (job.checkout / f"{name}.txt").write_text(text)
    git(job.checkout, "add", "a.txt", "b.txt", "c.txt")
    return git(job.checkout, "write-tree")


def tree(repo: Path, revision: str) -> str:
    return git(repo, "rev-parse", f"{revision}^{{tree}}")


def _made(name: str) -> Data:
    return feature(name, fulfills=[], because="A check of the milestone is enough.")
