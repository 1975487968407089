"""The ledger's events, for Prefect's event feed and its automations."""

from __future__ import annotations

from contextvars import copy_context

from prefect.events import emit_event

from ledger.events import Event
from workspaces.mission import Mission


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
