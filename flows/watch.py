"""What reaches a running mission from outside: requests of other terminals, and Prefect's own cancel button."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from workspaces.mission import Mission

_REQUESTS = 0.2
"""Seconds between looks at the request file."""
_STATES = 3.0
"""Seconds between looks at the flow run's state in Prefect."""
_CANCELLED = (StateType.CANCELLING, StateType.CANCELLED)


@dataclass
class Wish:
    """Why the mission is to stop, when it is."""

    action: str = ""
    """cancel or pause."""
    by: str = ""


@asynccontextmanager
async def watching(mission: Mission, flow_run: UUID) -> AsyncIterator[Wish]:
    """While the block runs, a wish from outside sets the mission's `stop` or `drain`."""
    wish = Wish()
    watchers = [
        asyncio.create_task(_requests(mission, wish)),
        asyncio.create_task(_states(mission, flow_run, wish)),
    ]
    _catch_signals(mission, wish)
    try:
        yield wish
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


def _catch_signals(mission: Mission, wish: Wish) -> None:
    """The first signal pauses the mission cleanly; a second one has its usual, sudden effect."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def pause(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        wish.action, wish.by = wish.action or "pause", wish.by or number.name
        mission.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, pause, number)


async def _requests(mission: Mission, wish: Wish) -> None:
    while not mission.folder.request.exists():
        await asyncio.sleep(_REQUESTS)
    asked = json.loads(mission.folder.request.read_text(encoding="utf-8"))
    wish.action, wish.by = asked["action"], asked["by"]
    (mission.drain if asked.get("how") == "drain" else mission.stop).set()


async def _states(mission: Mission, flow_run: UUID, wish: Wish) -> None:
    async with get_client() as client:
        while True:
            await asyncio.sleep(_STATES)
            state = (await client.read_flow_run(flow_run)).state
            if state and state.type in _CANCELLED:
                wish.action, wish.by = "cancel", "Prefect"
                mission.stop.set()
                return
