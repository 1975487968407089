"""A flow run that a deployment started: while its mission waits for somebody, or for a time, no process is there.

The mission is brought to a pause, its process ends, and Prefect has the flow run in a state from which a worker
starts it again: suspended with a form, suspended without one, or scheduled.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import Pause
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_paused_state
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.states import AwaitingRetry, Scheduled, Suspended

from flows.alarm import set_alarm
from flows.events import send_events
from ledger.report import MissionReport, RunStatus
from workspaces.mission import Mission

REST = "rest"
"""What a mission wishes that has a reason to end its process: see `Mission.wish`."""
FOR_AS_LONG_AS_IT_TAKES = 365 * 24 * 3600
_HOSTS: dict[str, Host] = {}
"""By the run's name: how the tasks of this process find it."""


@dataclass(frozen=True)
class Rest:
    """What the mission waits for."""

    about: str
    until: float | None = None
    """Seconds since the epoch."""
    form: type[RunInput] | None = None
    key: str = ""
    """The form's, in Prefect."""
    alarm: float | None = None
    """When the form is to be answered by default, in seconds since the epoch."""


@dataclass
class Host:
    """A flow run that a deployment started."""

    flow_run: FlowRun
    why: Rest | None = None
    """What its mission ended its process for, when it did."""


@contextmanager
def hosted(mission: Mission, flow_run: FlowRun) -> Generator[Host | None]:
    """Make it known, while the mission runs, that a deployment started it, if one did."""
    if flow_run.deployment_id is None:
        yield None
        return
    host = _HOSTS[mission.run] = Host(flow_run)
    if context := FlowRunContext.get():
        # When it is suspended in its UI, Prefect would end tasks in the middle: the mission stops in its own way.
        context.flow_run_suspension_request.mark_requested = _ignored  # type: ignore[method-assign]
    _outlive_readers()
    try:
        yield host
    finally:
        del _HOSTS[mission.run]


def _outlive_readers() -> None:
    """What is logged goes to the worker, which may die before the mission: Rich's console would end the process."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            console = handler.console
            console.on_broken_pipe = partial(setattr, console, "quiet", True)  # type: ignore[method-assign]


def _ignored(state: State[Any]) -> None:
    """`flows.watch` sees it too."""


def deployed_as(mission: Mission) -> UUID | None:
    """The flow run, if a deployment started it."""
    host = _HOSTS.get(mission.run)
    return host.flow_run.id if host else None


def rest(mission: Mission, why: Rest, *, drain: bool = True) -> None:
    """Let the mission's process end: what is at work is finished first, or with `drain=False` stopped."""
    if host := _HOSTS.get(mission.run):
        host.why = why
    mission.rests_until = why.until
    mission.wish(REST, why.about, drain=drain)


async def leave(mission: Mission, report: MissionReport, host: Host | None) -> None:
    """Hand a deployment's unfinished mission over to Prefect, when nobody owns the run any more. Raises Pause."""
    if host is None or report.status not in (RunStatus.PAUSED, RunStatus.WAITING):
        return
    flow_run, why = host.flow_run, host.why
    state = _state(mission, report, why)
    async with get_client() as client:
        if why and why.form:
            await why.form.asave(keyset_from_paused_state(state), flow_run_id=flow_run.id)
        if why and why.alarm:
            await set_alarm(client, flow_run, mission.run, why.key, why.alarm)
        await send_events()
        await client.set_flow_run_state(flow_run.id, state, force=True)
        raise Pause(state=(await client.read_flow_run(flow_run.id)).state)


def _state(mission: Mission, report: MissionReport, why: Rest | None) -> State[Any]:
    if why and why.until:
        return Scheduled(scheduled_time=datetime.fromtimestamp(why.until, UTC), name="Parked", message=why.about)
    if why is None and mission.wished_by.startswith("SIG"):  # its worker ends, not the mission
        return AwaitingRetry(message=report.reason)
    key = why.key if why else f"pause-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
    state: State[Any] = Suspended(timeout_seconds=FOR_AS_LONG_AS_IT_TAKES, pause_key=key, message=report.reason)
    if why and why.form:
        state.state_details.run_input_keyset = cast(dict[str, str], keyset_from_paused_state(state))
    return state
