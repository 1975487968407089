"""A milestone's features at work, at most `maxConcurrency` at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from prefect import tags
from prefect.futures import PrefectFuture

from agents.outcome import Outcome
from blueprints.plan import PlannedFeature
from flows.parking import until_over
from flows.ready import ReadySet
from flows.results import result_when_done, submit
from ledger.events import Kind
from ledger.report import StepStatus
from tasks.feature import feature_task
from tasks.parking import Parked
from workspaces.mission import Mission

Ended = PrefectFuture[Any] | asyncio.Task[None] | None
"""A task that ended, a wait for what parked it that is over, or None: somebody has changed what there is to do."""
_AT_WORK: dict[str, Features] = {}
"""By the run's name."""


@dataclass
class Features:
    """Between start and outcome; meanwhile somebody may kill, retry or skip one."""

    mission: Mission
    milestone: str
    base: str
    ready: ReadySet
    finished: asyncio.Queue[tuple[str, Ended]] = field(default_factory=asyncio.Queue[tuple[str, Ended]])
    when_ended: dict[str, Callable[[], object]] = field(default_factory=dict[str, Callable[[], object]])
    """What is to be done when a feature at work has ended."""
    waits: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    async def build(self) -> dict[str, Outcome]:
        """The outcome of every feature. When the mission stops, what has not started is `stopped`."""
        ready = self.ready
        while True:
            if not self.mission.halted:
                for feature in ready.take():
                    self._submit(feature, ready.commits(feature))
            if not ready.running and not ready.parked:
                return ready.outcomes | _not_begun(ready)
            await self._take(*await self.finished.get())
            self._record(Kind.FEATURE_BLOCKED, ready.block())

    def fail(self, outcome: Outcome) -> None:
        """For a feature that no agent is at work on."""
        if wait := self.waits.pop(outcome.name, None):
            wait.cancel()
        self.ready.unpark(outcome.name)
        self.ready.finish(outcome)
        self._record(Kind.FEATURE_FAILED, [outcome])
        self._look_again()

    def retry(self, name: str) -> None:
        """A feature that failed, and those that waited for it."""
        self.ready.forget(name)
        self._look_again()

    def replan(self) -> None:
        """The mission has another plan."""
        self.ready.replan(self.mission.plan.milestone(self.milestone).features)
        self._look_again()

    def still_open(self) -> set[str]:
        """Features of this milestone that are not done, and all of the later ones."""
        names = [milestone.name for milestone in self.mission.plan.milestones]
        later = self.mission.plan.milestones[names.index(self.milestone) + 1 :]
        here = {f.id for f in self.ready.features if not (o := self.ready.outcomes.get(f.id)) or not o.done}
        return here | {feature.id for milestone in later for feature in milestone.features}

    def _look_again(self) -> None:
        self.finished.put_nowait(("", None))

    async def _take(self, name: str, ended: Ended) -> None:
        if isinstance(ended, asyncio.Task):
            await ended  # what went wrong while it waited is not lost
            self.ready.unpark(name)
        elif ended is not None:
            if isinstance(outcome := await result_when_done(ended), Parked):
                self.ready.park(name)
                self.waits[name] = self._wait(name, outcome)
            else:
                self.ready.finish(outcome)
                self.when_ended.pop(name, lambda: None)()

    def _wait(self, name: str, parked: Parked) -> asyncio.Task[None]:
        """Its end arrives in `finished`, too."""

        def over(wait: asyncio.Task[None]) -> None:
            self.finished.put_nowait((name, None if wait.cancelled() else wait))

        wait = asyncio.create_task(until_over(self.mission, parked, quiet=lambda: not self.ready.running))
        wait.add_done_callback(over)
        return wait

    def _submit(self, feature: PlannedFeature, needs: dict[str, str]) -> None:
        """Prefect runs the task on a thread; its end arrives in `finished`, so nothing is held while waiting."""
        loop = asyncio.get_running_loop()
        with tags("role:worker", f"agent:{feature.agent}"):
            future = submit(feature_task, self.mission.run, self.milestone, feature.id, self.base, needs)

        def done(ended: PrefectFuture[Any]) -> None:
            loop.call_soon_threadsafe(self.finished.put_nowait, (feature.id, ended))

        future.add_done_callback(done)

    def _record(self, kind: Kind, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.mission.ledger.append(
                kind, milestone=self.milestone, featureId=outcome.name, status=outcome.status, reason=outcome.reason
            )


async def build_features(mission: Mission, milestone: str, base: str) -> dict[str, Outcome]:
    """The outcome of every feature of the milestone, from its base."""
    ready = ReadySet(mission.plan.milestone(milestone).features, mission.max_concurrency)
    features = _AT_WORK[mission.run] = Features(mission, milestone, base, ready)
    try:
        return await features.build()
    finally:
        del _AT_WORK[mission.run]


def features_at_work(mission: Mission) -> Features | None:
    """Those of the milestone that is being built now."""
    return _AT_WORK.get(mission.run)


def _not_begun(ready: ReadySet) -> dict[str, Outcome]:
    reason = "the mission stopped before this began"
    return {
        f.id: Outcome(name=f.id, status=StepStatus.STOPPED, reason=reason)
        for f in ready.features
        if f.id not in ready.outcomes
    }
