"""A flow run that was cancelled in Prefect while it was suspended: no process was there to hear of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from ledger.folder import RunFolder
from ledger.gates import left_waiting
from ledger.settings import Settings
from workspaces.cancelling import record_cancelled


async def cancelled_in_prefect(folder: RunFolder, settings: Settings) -> bool:
    """Whether that has happened to the run, which waits for somebody; then it is written down, and the run is over."""
    gate = left_waiting(folder)
    if gate is None or gate.data["api"] != PREFECT_API_URL.value():
        return False
    if not await _is_cancelled(UUID(gate.data["flowRun"])):
        return False
    await asyncio.to_thread(record_cancelled, folder, settings, "Prefect")
    return True


async def _is_cancelled(flow_run: UUID) -> bool:
    """One that Prefect has forgotten is not: whoever resumes the run goes on."""
    async with get_client() as client:
        try:
            state = (await client.read_flow_run(flow_run)).state
        except ObjectNotFound:
            return False
    return state is not None and state.type is StateType.CANCELLED
