"""The time that a mission has: up to the deadline of whoever started it, or to the end of its window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from blueprints.hours import now
from ledger.cells import duration
from ledger.durations import Durations, durations
from workspaces.mission import Mission


@dataclass(frozen=True)
class Closed:
    """What keeps a mission from working on."""

    by: str
    opens: float | None
    """When it goes on by itself, in seconds since the epoch."""


def open_hours(mission: Mission) -> Closed | None:
    """Begin to work until the deadline or the end of the window; or why not, when that is over."""
    window = mission.plan.blueprint.schedule.hours
    limits = [mission.until] if mission.until else []
    if window:
        closing = window.closing(now())
        if closing is None:
            return closed(mission)
        limits.append(closing)
    mission.closes_at = min(limits, default=None)
    return closed(mission) if is_over(mission) else None


def is_over(mission: Mission) -> bool:
    """Whether the time is up."""
    return mission.closes_at is not None and now() >= mission.closes_at


def closed(mission: Mission) -> Closed:
    """Why the mission does not work on, and when it will by itself."""
    window, postponed = mission.plan.blueprint.schedule.hours, mission.postponed
    if mission.until and (window is None or mission.closes_at == mission.until or now() >= mission.until):
        return Closed(_told(f"its deadline {clock(mission.until)}", mission), None)
    assert window
    hours = f"its window {mission.plan.blueprint.schedule.window} {window.zone.key}"
    if max(postponed.values(), default=0.0) > window.seconds:
        return Closed(f"{_told(hours, mission)}, longer than that: widen the window, or split the work", None)
    return Closed(_told(hours, mission), window.opening(max(now(), mission.closes_at or 0.0)))


def no_time_for_attempt(mission: Mission, session_name: str, agent: str) -> str | None:
    """Why an attempt is not begun now, if so: by what was measured, it would not end in time."""
    return _postponed(mission, session_name, lambda measured: measured.attempt(session_name, agent))


def no_time_for_validation(mission: Mission, milestone: str) -> str | None:
    """Why a milestone is not validated now, if so."""
    checks = [check.id for check in mission.plan.milestone(milestone).checks]
    return _postponed(mission, f"the validation of {milestone}", lambda measured: measured.round(checks))


def _postponed(mission: Mission, what: str, expected: Callable[[Durations], float | None]) -> str | None:
    if mission.closes_at is None:
        return None
    folder = mission.folder
    seconds = expected(durations(folder.home, folder.mission, folder.run, mission.ledger.events))
    if seconds is None or now() + seconds <= mission.closes_at:
        return None
    mission.postponed[what] = seconds
    return f"it is expected to take {duration(seconds)}, and there is no such time before {clock(mission.closes_at)}"


def _told(limit: str, mission: Mission) -> str:
    work = ", ".join(f"{what} takes {duration(seconds)}" for what, seconds in mission.postponed.items())
    return f"{limit}; {work}" if work else limit


def clock(moment: float) -> str:
    """A moment in words; in seconds since the epoch."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
