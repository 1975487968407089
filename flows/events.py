"""The ledger's events, for Prefect's event feed and its automations."""

from __future__ import annotations

from prefect.events import emit_event

from ledger.events import Event
from workspaces.mission import Mission


def forward_events(mission: Mission) -> None:
    """From now on each event of the ledger goes to Prefect too, as `mission.<kind>`."""
    resource = {
        "prefect.resource.id": f"mission.run.{mission.run}",
        "prefect.resource.name": mission.run,
        "mission": mission.plan.blueprint.mission,
    }

    def forward(event: Event) -> None:
        emit_event(f"mission.{event.kind.removeprefix('mission_')}", resource=resource, payload=dict(event.data))

    mission.ledger.listen(forward)
