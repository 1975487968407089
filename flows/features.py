"""A milestone's features at work, at most `maxConcurrency` at once."""

from __future__ import annotations

import asyncio
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

Finished = asyncio.Queue[tuple[str, PrefectFuture[Any] | asyncio.Task[None]]]
"""Features whose task has ended, and those whose wait for what parked them is over."""


async def build_features(mission: Mission, milestone: str, base: str) -> dict[str, Outcome]:
    """The outcome of every feature. When the mission stops, what has not started is `stopped`."""
    ready = ReadySet(mission.plan.milestone(milestone).features, mission.max_concurrency)
    finished: Finished = asyncio.Queue()
    waits: set[asyncio.Task[None]] = set()
    while True:
        if not mission.halted:
            for feature in ready.take():
                _submit(mission, milestone, base, feature, ready.commits(feature), finished)
        if not ready.running and not ready.parked:
            break
        name, ended = await finished.get()
        if isinstance(ended, asyncio.Task):
            await ended  # what went wrong while it waited is not lost
            ready.unpark(name)
        elif isinstance(outcome := await result_when_done(ended), Parked):
            ready.park(name)
            waits.add(_wait(mission, name, outcome, finished))
        else:
            ready.finish(outcome)
        for outcome in ready.block():
            mission.ledger.append(
                Kind.FEATURE_BLOCKED, milestone=milestone, featureId=outcome.name, reason=outcome.reason
            )
    return ready.outcomes | _not_begun(ready)


def _wait(mission: Mission, name: str, parked: Parked, finished: Finished) -> asyncio.Task[None]:
    """Its end arrives in `finished`, too."""
    wait = asyncio.create_task(until_over(mission, parked))
    wait.add_done_callback(lambda ended: finished.put_nowait((name, ended)))
    return wait


def _submit(
    mission: Mission,
    milestone: str,
    base: str,
    feature: PlannedFeature,
    needs: dict[str, str],
    finished: Finished,
) -> None:
    """Prefect runs the task on a thread; its end arrives in `finished`, so nothing is held while waiting."""
    loop = asyncio.get_running_loop()
    with tags("role:worker", f"agent:{feature.agent}"):
        future = submit(feature_task, mission.run, milestone, feature.id, base, needs)

    def done(ended: PrefectFuture[Any]) -> None:
        loop.call_soon_threadsafe(finished.put_nowait, (feature.id, ended))

    future.add_done_callback(done)


def _not_begun(ready: ReadySet) -> dict[str, Outcome]:
    reason = "the mission stopped before this began"
    return {
        f.id: Outcome(name=f.id, status=StepStatus.STOPPED, reason=reason)
        for f in ready.features
        if f.id not in ready.outcomes
    }
