"""A pair's mission played, through the engine or by the command, and what its ledger tells."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from agents.outcome import Outcome
from benchmarks.coop.dataset import Feature
from benchmarks.coop.stage import MILESTONE, Pair, Stage
from blueprints.load import load
from blueprints.plan import Plan
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.report import StepStatus
from ledger.settings import Settings
from tasks.feature import build_feature
from tasks.integrate import integrate
from validators.culprits import find_culprits
from validators.suite import Suite
from workspaces.acceptance import accept
from workspaces.mission import Mission
from workspaces.opening import opened


@dataclass(frozen=True)
class Ended:
    """A pair's mission, as its ledger tells it."""

    plan: Plan
    events: list[Event]
    seconds: float

    def of(self, kind: Kind) -> list[Event]:
        return [event for event in self.events if event.kind is kind]

    @property
    def commits(self) -> dict[str, str]:
        """What each worker delivered, by feature."""
        done = [event.data for event in self.of(Kind.WORKER_COMPLETED) if event.data["role"] == "worker"]
        return {data["featureId"]: data["commitId"] for data in done}

    @property
    def rung(self) -> str | None:
        """How the two became one; None: they did not."""
        merges = [event.data["how"] for event in self.of(Kind.FEATURE_INTEGRATED)]
        return merges[-1] if len(merges) > 1 else None

    @property
    def merged(self) -> str | None:
        """The commit of both."""
        return str(self.of(Kind.FEATURE_INTEGRATED)[-1].data["commit"]) if self.rung else None

    @property
    def accepted(self) -> bool:
        """Whether the engine says of that commit that both features' assertions hold."""
        verdicts = {v.data["id"]: v.data["status"] for v in self.of(Kind.VERDICT_RECORDED)}
        return bool(self.rung and verdicts) and set(verdicts.values()) == {"passed"}

    @property
    def culprits(self) -> list[list[str]]:
        """Sets of features that were found to break together."""
        return [event.data["features"] for event in self.of(Kind.CULPRITS_FOUND)]

    @property
    def tried(self) -> list[str]:
        """Rungs whose result was not accepted, each with the reason."""
        tried = [event.data for event in self.of(Kind.MERGE_TRIED) if event.data["status"] != StepStatus.DONE]
        return [f"{data['rung']}: {' '.join(data['reason'].split())}" for data in tried]

    @property
    def reason(self) -> str:
        told = [event.data["reason"] for event in self.events if event.kind in _FAILURES]
        failing = [v.data["reason"] for v in self.of(Kind.VERDICT_RECORDED) if v.data["status"] != "passed"]
        return " ".join(str([*failing, *told, ""][0]).split())


_FAILURES = (Kind.FEATURE_FAILED, Kind.INTEGRATION_FAILED, Kind.MILESTONE_FAILED, Kind.MISSION_FAILED)


def through_engine(stage: Stage, pair: Pair) -> Ended:
    """Workers, integration and a round of validation, called one after another without a Prefect server."""
    began = time.monotonic()
    with _mission(stage, pair) as mission:
        commits = _built(mission, pair)
        if len(commits) == len(pair):
            outcome = integrate(mission, MILESTONE, mission.repository.base, commits)
            if outcome.commit:
                _validate(mission, outcome.commit, outcome.commits)
    return Ended(mission.plan, mission.ledger.events, time.monotonic() - began)


def _validate(mission: Mission, commit: str, commits: dict[str, str]) -> None:
    """A round, and who broke what."""
    base, milestone = mission.repository.base, mission.plan.milestone(MILESTONE)
    verdicts = Suite(mission, milestone, base, commit, 1, commits).run()
    if failing := [verdict for verdict in verdicts if not verdict.passed]:
        find_culprits(mission, milestone, base, commit, failing)


@contextmanager
def _mission(stage: Stage, pair: Pair) -> Generator[Mission]:
    settings = Settings(home=stage.home)
    folder = accept(load(stage.blueprint(pair)), settings, path=stage.repository)
    with opened(folder, settings) as mission:
        yield mission


def _built(mission: Mission, pair: Pair) -> dict[str, str]:
    base = mission.repository.base

    def build(feature: Feature) -> Outcome:
        return build_feature(mission, MILESTONE, feature.id, base, {})

    with ThreadPoolExecutor(len(pair)) as pool:
        outcomes = [*pool.map(build, pair)]
    return {outcome.name: outcome.commit for outcome in outcomes if outcome.commit}


def through_command(stage: Stage, pair: Pair) -> Ended:
    """The whole mission, by `mission run`."""
    began = time.monotonic()
    ran = stage.command("run", str(stage.blueprint(pair)), "--repo", str(stage.repository), "--yes")
    names = ran.stdout.split(maxsplit=2)
    if len(names) < 2 or not (folder := RunFolder(stage.home, names[1])).ledger.is_file():
        raise RuntimeError(f"`mission run` started no run: {(ran.stdout + ran.stderr)[-500:]}")
    return Ended(folder.plan(), read_events(folder.ledger), time.monotonic() - began)
