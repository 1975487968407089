"""Reads an animal of the zoo, plays it as a whole mission, and tells how that ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.conftest import Data, Missions
from tests.flows.stage import LONG, Going, begin, there

_HABITAT: Data = {
    "repairs": 0,
    "reruns": 0,
    "milestones": [{"name": "one", "features": [{"id": "a", "spec": "Make a."}]}],
}
"""What the blueprint of an animal says when its file does not."""


@dataclass(frozen=True)
class Animal:
    """One file of the zoo; the module docstring of `test_zoo.py` says what is in it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    def read(self, **known: object) -> Data:
        """Its file, with `{name}` put in for each of the `known`."""
        text = self.path.read_text()
        for name, value in known.items():
            text = text.replace("{" + name + "}", str(value))
        content: Data = yaml.safe_load(text)
        return content


ANIMALS = [Animal(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))]


@dataclass(frozen=True)
class Ending:
    """How a mission ended, and what was told about it: texts by the place where they stand."""

    status: str
    """waiting: at a gate, and cancelled there. refused: it never began."""
    code: int
    told: dict[str, list[str]]
    delivered: list[str]
    """What there is that only a proved milestone may leave."""


def play(missions: Missions, animal: Data) -> Ending:
    """The animal as a mission, until it ends, or waits for a person and is cancelled."""
    path = missions.blueprint(_HABITAT | animal.get("blueprint", {}), animal.get("script", {}))
    if animal["ends"]["status"] == "refused":
        return _refused(missions, path)
    run = begin(missions, path, "--yes")
    if not _waits(run):
        return _ending(run, run.end(), run.report())
    standing = run.status()
    run.missions("cancel", run.name)
    code = run.end()
    assert run.report()["status"] == "cancelled"
    return _ending(run, code, standing)


def _refused(missions: Missions, blueprint: Path) -> Ending:
    done = missions("run", blueprint, "--repo", missions.repo, "--yes")
    return Ending("refused", done.returncode, {"command": [done.stderr]}, missions.runs())


def _waits(run: Going) -> bool:
    """Whether it waits for a person; False when it has ended."""
    deadline = time.monotonic() + LONG
    while run.process.poll() is None:
        if run.events("gate_opened"):
            return True
        assert time.monotonic() < deadline, "it neither ends nor waits"
        time.sleep(0.2)
    return False


def _ending(run: Going, code: int, report: Data) -> Ending:
    told: dict[str, list[str]] = {}
    for place, text in _told(report):
        told.setdefault(place, []).append(text)
    return Ending(report["status"], code, told, list(_delivered(run)))


def _told(report: Data) -> Iterator[tuple[str, str]]:
    yield "mission", report["reason"]
    for milestone in report["milestones"]:
        yield "milestone", milestone["reason"]
        yield "integration", milestone["integration"]["reason"]
        for feature in milestone["features"]:
            yield "feature", f"{feature['id']}: {feature['reason']}"
        for verdict in milestone["verdicts"]:
            yield "verdict", f"{verdict['id']} {verdict['status']}: {verdict['reason']}"
    for finding in report["findings"]:
        yield "finding", f"{finding['severity']}: {finding['description']}"


def _delivered(run: Going) -> Iterator[str]:
    if there(run.repo, f"refs/heads/{run.branch}"):
        yield run.branch
    report = run.report()
    yield from (f"milestone {m['name']} {m['status']}" for m in report["milestones"] if m["status"] == "sealed")
    if report["commit"]:
        yield f"commit {report['commit']}"


def known(port: int) -> Data:
    """What the files may name: this interpreter, and a port on which somebody else answers."""
    return {"python": sys.executable, "port": port}
