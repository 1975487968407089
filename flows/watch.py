"""What reaches a running mission from outside: requests of other terminals, signals, Prefect's cancel button."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from flows.steering import steer, wish
from ledger.requests import pending, reply
from workspaces.mission import Mission

_REQUESTS = 0.2
"""Seconds between looks at what other terminals ask."""
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
        wish(mission, "pause", number.name)

    for number in _SIGNALS:
        loop.add_signal_handler(number, pause, number)


async def wished_in_prefect(flow_run: UUID) -> str | None:
    """`cancel` or `pause` when somebody did that to the flow run; Prefect that does not answer knows of nobody.

    A pause of the UI suspends; the gates of a process that waits itself only pause.
    """
    try:
        async with get_client() as client:
            state = (await client.read_flow_run(flow_run)).state
    except Exception:
        logging.getLogger(__name__).warning("Prefect does not answer", exc_info=True)
        return None
    if state is not None and state.type in _CANCELLED:
        return "cancel"
    return "pause" if state is not None and state.type is StateType.PAUSED and state.name == "Suspended" else None


async def _requests(mission: Mission) -> None:
    """Each request is taken once; a cancel may follow a pause."""
    while True:
        for path, request in pending(mission.folder):
            reply(path, steer(mission, request))
        await asyncio.sleep(_REQUESTS)


async def _states(mission: Mission, flow_run: UUID) -> None:
    while (wished := await wished_in_prefect(flow_run)) != "cancel":
        if wished and not mission.halted:
            wish(mission, wished, "Prefect", drain=True)
        await asyncio.sleep(_STATES)
    wish(mission, "cancel", "Prefect")
