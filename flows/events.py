"""Events for Prefect's event feed and its automations: the ledger's, and those of the mission's own flow run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import copy_context

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event
from prefect.events.worker import EventsWorker

from ledger.events import Event
from workspaces.mission import Mission

_ARRIVE_WITHIN = 10.0
"""Seconds."""


def forward_events(mission: Mission) -> None:
    """From now on each event of the ledger goes to Prefect too, as `mission.<kind>`. To be called in the flow.

    They belong to the mission's flow run, and so to its deployment and work pool, by which automations tell missions
    apart: a milestone's own flow run has neither.
    """
    resource = {
        "prefect.resource.id": f"mission.run.{mission.run}",
        "prefect.resource.name": mission.run,
        "mission": mission.plan.blueprint.mission,
    }
    whole = copy_context()

    def forward(event: Event) -> None:
        name = f"mission.{event.kind.removeprefix('mission_')}"
        here = whole.copy()  # a context is entered once at a time, and many threads write events
        here.run(emit_event, name, resource=resource, payload=dict(event.data))

    mission.ledger.listen(forward)


@asynccontextmanager
async def heard_in_order(flow_run: FlowRun) -> AsyncGenerator[None]:
    """See to it, in the flow of a deployment, that Prefect's automations learn when the flow run ends.

    They hear of states at once, and of heartbeats through a connection of this process: one that is heard after the
    end of its flow run begins a silence, and the flow run would be brought back.
    """
    if flow_run.deployment_id is None:
        yield
        return
    if flow_run.auto_scheduled:
        await _tell_scheduled(flow_run)
    try:
        yield
    finally:
        await send_events()


async def send_events() -> None:
    """Have whatever was emitted before arrive, if the server can be reached."""
    sent = EventsWorker.drain_all(timeout=_ARRIVE_WITHIN, at_exit=False)
    assert not isinstance(sent, tuple)  # as it is where no loop runs
    await sent


async def _tell_scheduled(flow_run: FlowRun) -> None:
    """Emit the event that Prefect's scheduler leaves out when it makes a flow run.

    The event of the next state says that it follows this one, if it does within five minutes. Prefect keeps it, and
    those that follow it, from automations until this one comes, or for a quarter of an hour (Prefect 3.8,
    `prefect/server/events/ordering`).
    """
    async with get_client() as client:
        states = await client.read_flow_run_states(flow_run.id)
    first = min(states, key=lambda state: state.timestamp)
    resource = {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}", "prefect.resource.name": flow_run.name}
    emit_event("prefect.flow-run.Scheduled", resource=resource, occurred=first.timestamp, id=first.id)
