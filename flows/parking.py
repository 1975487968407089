"""Parked work: it holds no slot while it waits, and is run again when what it waits for is over."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from agents.rate_limit import RateLimit
from flows.gates import ask_about_credential
from flows.results import run_task
from ledger.conversation import FaultKind
from tasks.parking import Parked
from workspaces.mission import Mission

_LOOK = 0.2
"""Seconds between looks at whether the wait is over, or the mission was stopped."""
_LATEST = 5.0
"""Seconds by which parked work comes back later than it might: not all at once, and never too early."""
_asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)


async def run_through(mission: Mission, task: Any, *arguments: Any) -> Any:
    """The outcome of a task that may park; None when the mission stops while it is parked."""
    while isinstance(result := await run_task(task, mission.run, *arguments), Parked):
        await until_over(mission, result)
        if mission.halted:
            return None
    return result


async def until_over(mission: Mission, parked: Parked) -> None:
    """Wait until parked work may be tried again, or the mission stops."""
    if parked.kind is FaultKind.UNAUTHENTICATED:
        await _ask(mission, parked)
        return
    limit, margin = RateLimit(Path(parked.rate_limit)), random.uniform(0.2, _LATEST)  # noqa: S311  # no secret
    while not mission.halted and limit.hold():
        await asyncio.sleep(_LOOK)
    over = time.monotonic() + min(margin, mission.settings.patience)
    while not mission.halted and time.monotonic() < over:
        await asyncio.sleep(_LOOK)


async def _ask(mission: Mission, parked: Parked) -> None:
    """One question at a time, and one for all that wait for the same credential: Prefect pauses a flow run once."""
    async with _asking[mission.run]:
        if not mission.halted and RateLimit(Path(parked.rate_limit)).hold():
            await run_task(ask_about_credential, mission.run, parked.credential, parked.reason, parked.rate_limit)
