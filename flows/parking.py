"""Parked work: it holds no slot while it waits, and is run again when what it waits for is over."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.rate_limit import RateLimit
from flows.deployed import Rest, deployed_as, rest
from flows.gates import ask_about_credential
from flows.results import run_task
from ledger.conversation import FaultKind
from tasks.parking import Parked
from workspaces.mission import Mission

_LOOK = 0.2
"""Seconds between looks at whether the wait is over, or the mission was stopped."""
_asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)


async def run_through(mission: Mission, task: Any, *arguments: Any) -> Any:
    """The outcome of a task that may park; None when the mission stops while it is parked."""
    while isinstance(result := await run_task(task, mission.run, *arguments), Parked):
        await until_over(mission, result)
        if mission.halted:
            return None
    return result


async def until_over(mission: Mission, parked: Parked, *, quiet: Callable[[], bool] = lambda: True) -> None:
    """Wait until parked work may be tried again, or the mission stops.

    A deployment's process does not wait: when all else is `quiet` it ends, for as long as nothing can be done.
    """
    if parked.kind is FaultKind.UNAUTHENTICATED:
        await _ask(mission, parked, quiet)
        return
    limit = RateLimit(Path(parked.rate_limit))
    over = time.time() + limit.wait()  # some wait a little longer than others: not all come back at once
    while not mission.halted and (limit.hold() or time.time() < over):
        _rest(mission, parked, limit, quiet)
        await asyncio.sleep(_LOOK)


def _rest(mission: Mission, parked: Parked, limit: RateLimit, quiet: Callable[[], bool]) -> None:
    """Let a deployment's process end, when it is to be long: starting another one takes a while, too."""
    hold = limit.hold()
    if hold and deployed_as(mission) and hold.until - time.time() > mission.settings.patience and quiet():
        rest(mission, Rest(f"parked: {parked.reason}", until=hold.until))


async def _ask(mission: Mission, parked: Parked, quiet: Callable[[], bool]) -> None:
    """One question at a time, and one for all that wait for the same credential: Prefect pauses a flow run once."""
    while deployed_as(mission) and not (quiet() or mission.halted):
        await asyncio.sleep(_LOOK)
    async with _asking[mission.run]:
        if not mission.halted and RateLimit(Path(parked.rate_limit)).hold():
            await run_task(ask_about_credential, mission.run, parked.credential, parked.reason, parked.rate_limit)
