"""Parked work: it holds no slot while it waits, and is run again when what it waits for is over."""

from __future__ import annotations

import asyncio
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
_asking: dict[tuple[str, str], asyncio.Task[Any]] = {}


async def run_through(mission: Mission, task: Any, *arguments: Any) -> Any:
    """The outcome of a task that may park; when the mission stops meanwhile, what the task says to that."""
    while isinstance(result := await run_task(task, mission.run, *arguments), Parked):
        await until_over(mission, result)
    return result


async def until_over(mission: Mission, parked: Parked) -> None:
    """Wait until parked work may be tried again, or the mission stops."""
    if parked.kind is FaultKind.UNAUTHENTICATED:
        await _ask(mission, parked)
        return
    limit = RateLimit(Path(parked.rate_limit))
    while not mission.halted and limit.hold():
        await asyncio.sleep(_LOOK)


async def _ask(mission: Mission, parked: Parked) -> None:
    """Ask once, however many wait for the same credential."""
    key = (mission.run, parked.credential)
    if key not in _asking:
        asked = run_task(ask_about_credential, mission.run, parked.credential, parked.reason, parked.rate_limit)
        _asking[key] = asyncio.create_task(asked)
        _asking[key].add_done_callback(lambda _: _asking.pop(key, None))
    await asyncio.shield(_asking[key])
