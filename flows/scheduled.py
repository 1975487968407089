"""A flow run that its schedule started: it goes on with the mission that an earlier one did not finish."""

from __future__ import annotations

from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from blueprints.errors import MissionError
from blueprints.plan import Plan
from ledger.events import Kind, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder, all_runs
from ledger.gates import still_open


async def unfinished(plan: Plan, home: Path, flow_run: FlowRun) -> str | None:
    """The latest run of this plan that is not over, when a schedule asks for one; the flow run gets its name.

    Raises MissionError when that run is at work, or waits for a person: nothing is started twice.
    """
    if not flow_run.auto_scheduled:
        return None
    latest_first = reversed(all_runs(home))
    folder = next((folder for folder in latest_first if _is_unfinished(folder, plan)), None)
    if folder is None:
        return None
    async with get_client() as client:
        await client.update_flow_run(flow_run.id, name=folder.run)
    return folder.run


def _is_unfinished(folder: RunFolder, plan: Plan) -> bool:
    events = read_events(folder.ledger)
    plans = [event.data["plan"] for event in events if event.kind in (Kind.MISSION_ACCEPTED, Kind.PLAN_AMENDED)]
    if plans[-1] != plan.digest or build_report(folder.run, folder.plan(), events).status.over:
        return False
    if folder.alive():
        raise MissionError(f"{folder.run} is at work; nothing was started")
    if gate := still_open(events):
        raise MissionError(f"{folder.run} waits for a decision since {gate.timestamp}; nothing was started")
    return True
