"""What reaches a running mission from outside: requests of other terminals, signals, Prefect's cancel button."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from workspaces.mission import Mission

_REQUESTS = 0.2
"""Seconds between looks at the request file."""
_STATES = 3.0
"""Seconds between looks at the flow run's state in Prefect."""
_CANCELLED = (StateType.CANCELLING, StateType.CANCELLED)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@asynccontextmanager
async def watching(mission: Mission, flow_run: UUID) -> AsyncGenerator[None]:
    """While the block runs, whoever wishes the mission to stop is heard."""
    watchers = [asyncio.create_task(_requests(mission)), asyncio.create_task(_states(mission, flow_run))]
    catch_signals(mission)
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


def catch_signals(mission: Mission) -> None:
    """The first signal pauses the mission cleanly; a second one has its usual, sudden effect.

    To be called in each flow: Prefect puts a SIGTERM handler of its own in place when a flow starts.
    """
    if threading.current_thread() is not threading.main_thread() or mission.stop.is_set():
        return
    loop = asyncio.get_running_loop()

    def pause(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        mission.wish("pause", number.name)

    for number in _SIGNALS:
        loop.add_signal_handler(number, pause, number)


async def cancelled_in_prefect(flow_run: UUID) -> bool:
    """Whether somebody cancelled the flow run; Prefect that does not answer knows of nobody."""
    try:
        async with get_client() as client:
            state = (await client.read_flow_run(flow_run)).state
    except Exception:
        logging.getLogger(__name__).warning("Prefect does not answer", exc_info=True)
        return False
    return state is not None and state.type in _CANCELLED


async def _requests(mission: Mission) -> None:
    """Each request is taken once; a cancel may follow a pause."""
    path = mission.folder.request
    while True:
        if path.exists():
            asked = json.loads(path.read_text(encoding="utf-8"))
            path.unlink()
            mission.wish(asked["action"], asked["by"], drain=asked.get("how") == "drain")
        await asyncio.sleep(_REQUESTS)


async def _states(mission: Mission, flow_run: UUID) -> None:
    while not await cancelled_in_prefect(flow_run):
        await asyncio.sleep(_STATES)
    mission.wish("cancel", "Prefect")
