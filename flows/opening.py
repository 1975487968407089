"""A run at work in this process, told to its ledger."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from ledger.events import Kind
from ledger.folder import RunFolder
from ledger.settings import Settings
from tasks.active import active
from workspaces.mission import Mission
from workspaces.opening import opened


@contextmanager
def at_work(
    folder: RunFolder, settings: Settings, *, max_concurrency: int | None, ui: str | None, flow_run: UUID
) -> Generator[Mission]:
    """The mission, opened, announced and known to the tasks of this process."""
    with opened(folder, settings, max_concurrency=max_concurrency) as mission:
        if any(event.kind is Kind.MISSION_RUN_STARTED for event in mission.ledger.events):
            mission.ledger.append(Kind.MISSION_RESUMED)
        mission.ledger.append(
            Kind.MISSION_RUN_STARTED,
            repository=str(mission.root),
            base=mission.repository.base,
            maxConcurrency=mission.max_concurrency,
            ui=ui,
            flowRun=str(flow_run),
        )
        with active(mission):
            yield mission
