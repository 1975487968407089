"""Former lives of the run, as Prefect still shows them: at work, although their processes are gone."""

from __future__ import annotations

import logging
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterName,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from ledger.events import Kind
from workspaces.mission import Mission

_AT_WORK = (StateType.RUNNING, StateType.PENDING, StateType.PAUSED)
_GONE = "its process is gone; the mission went on in another flow run"


async def end_former_lives(mission: Mission, flow_run: UUID) -> None:
    """Show them as crashed. Prefect only shows: when it cannot, the mission goes on all the same."""
    if sum(event.kind is Kind.MISSION_RUN_STARTED for event in mission.ledger.events) < 2:
        return
    try:
        async with get_client() as client:
            await _end(client, mission.run, flow_run)
    except Exception:
        logging.getLogger(__name__).warning("former flow runs could not be shown as crashed", exc_info=True)


async def _end(client: PrefectClient, run: str, own: UUID) -> None:
    mine = FlowRunFilter(name=FlowRunFilterName(any_=[run]))
    former = [found for found in await client.read_flow_runs(flow_run_filter=mine) if found.id != own]
    parents = FlowRunFilterParentFlowRunId(any_=[*(found.id for found in former), own])
    children = await client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=parents))
    ended = [found for found in [*former, *children] if _is_left(found)]
    for found in ended:
        await client.set_flow_run_state(found.id, Crashed(message=_GONE), force=True)
    running = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING])))
    if ended:
        within = FlowRunFilter(id=FlowRunFilterId(any_=[found.id for found in ended]))
        for task in await client.read_task_runs(flow_run_filter=within, task_run_filter=running):
            await client.set_task_run_state(task.id, Crashed(message=_GONE), force=True)


def _is_left(found: FlowRun) -> bool:
    """A suspended one waits for somebody, and has no process by right."""
    return found.state is not None and found.state.type in _AT_WORK and found.state.name != "Suspended"
