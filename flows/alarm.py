"""The alarm of a suspended gate with a time-out: a flow run of the same deployment, scheduled for its end.

No process is there to watch the clock. Whoever answers the gate earlier calls the alarm off.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from uuid import UUID

from prefect import State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Scheduled

from flows.cancelled import cancelled_in_prefect
from flows.timeout import by_default
from ledger.accepted import not_accepted
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.gates import alarm_of, is_suspended, still_open
from ledger.settings import Settings
from workspaces.amended import current_plan

TAG = "mission-alarm"
"""What tells its flow run from those of missions."""
_LOOK = 1.0
"""Seconds between looks at whether the flow run is suspended yet."""
_LOOKS = 60
_SENDING = (StateType.RUNNING, StateType.PENDING)


async def set_alarm(client: PrefectClient, flow_run: FlowRun, run: str, key: str, at: float) -> None:
    """Have the deployment look at the question with this key at that time, in seconds since the epoch."""
    assert flow_run.deployment_id
    await client.create_flow_run_from_deployment(
        flow_run.deployment_id,
        parameters={**flow_run.parameters, "run": run},
        state=Scheduled(scheduled_time=datetime.fromtimestamp(at, UTC)),
        name=alarm_of(run),
        tags=[TAG],
        idempotency_key=f"alarm-{run}-{key}",
        work_queue_name=flow_run.work_queue_name,
        job_variables=flow_run.job_variables,
    )


async def call_off(run: str) -> None:
    """The question is answered. An alarm that is left over all the same finds nothing to do."""
    try:
        async with get_client() as client:
            named = FlowRunFilter(name=FlowRunFilterName(any_=[alarm_of(run)]))
            for alarm in await client.read_flow_runs(flow_run_filter=named):
                if alarm.state and alarm.state.type is StateType.SCHEDULED:
                    await client.delete_flow_run(alarm.id)
    except Exception:
        logging.getLogger(__name__).warning("an alarm could not be called off", exc_info=True)


async def ring(run: str, settings: Settings) -> State[str]:
    """Answer the question by default, as a person would in Prefect's UI, unless it is answered."""
    folder = RunFolder(settings.home, run)
    gate = still_open(read_events(folder.ledger))
    if gate is None or gate.kind is not Kind.PLAN_PROPOSED or not is_suspended(gate):
        return Completed(message=f"{run} waits for no decision on its plan", data=run)
    if await cancelled_in_prefect(folder, settings):
        return Completed(message=f"{run} is cancelled", data=run)
    return Completed(message=f"{run}: {await _answer(folder, gate)}", data=run)


async def _answer(folder: RunFolder, gate: Event) -> str:
    late = current_plan(folder).blueprint.plan_approval
    assert late
    given = by_default(late, not_accepted(read_events(folder.ledger), gate.data["green"]))
    flow_run = UUID(gate.data["flowRun"])
    async with get_client() as client:
        try:
            await _until_suspended(client, flow_run)
            answered = await client.resume_flow_run(flow_run, run_input=given)
        except ObjectNotFound:
            return "Prefect has forgotten its flow run"
    if answered.status is not SetStateStatus.ACCEPT:
        return f"nothing is decided ({getattr(answered.details, 'reason', answered.status)})"
    return f"{given['note']}: {given['decision']}"


async def _until_suspended(client: PrefectClient, flow_run: UUID) -> None:
    """The question is in the ledger a moment before its process ends."""
    for _ in range(_LOOKS):
        state = (await client.read_flow_run(flow_run)).state
        if state is None or state.type not in _SENDING:
            return
        await asyncio.sleep(_LOOK)
