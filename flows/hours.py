"""A mission works only while it has time: it is stopped when that is over, and rests until there is some again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from flows.deployed import Rest, rest
from flows.steering import wish
from workspaces.hours import Closed, clock, closed, is_over, open_hours
from workspaces.mission import Mission

_LOOK = 0.2
"""Seconds between looks at the clock: a laptop that slept must not sleep on."""


@asynccontextmanager
async def keeping_time(mission: Mission) -> AsyncGenerator[None]:
    """While the block runs, the mission is stopped when its time is over."""
    keeper = asyncio.create_task(_keep(mission))
    try:
        yield
    finally:
        keeper.cancel()


def begin_work(mission: Mission) -> None:
    """From here on agents work, if there is time now."""
    if not mission.halted and (none := open_hours(mission)):
        _end(mission, none)


def end_for_lack_of_time(mission: Mission) -> None:
    """When what is left to do was not begun, because it would not end in time."""
    if mission.postponed and not mission.halted:
        _end(mission, closed(mission))


async def _keep(mission: Mission) -> None:
    while not is_over(mission):
        await asyncio.sleep(_LOOK)
    if not mission.stop.is_set():
        _end(mission, closed(mission))


def _end(mission: Mission, end: Closed) -> None:
    """At a deadline the mission is paused, and somebody resumes it; a window opens again."""
    if mission.halted:
        mission.stop.set()  # somebody stops it already: it does not go on by itself
    elif end.opens is None:
        wish(mission, "pause", end.by)
    else:
        about = f"parked by {end.by}; it goes on at {clock(end.opens)}"
        rest(mission, Rest(about, until=end.opens), drain=False)
