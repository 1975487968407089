"""A flow run that its schedule started: it goes on with the mission that an earlier one did not finish."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import Pause
from prefect.states import AwaitingRetry

from blueprints.plan import Plan
from flows.cancelled import cancelled_in_prefect
from ledger.events import Kind, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder, all_runs
from ledger.gates import still_open
from ledger.report import MissionReport, RunStatus
from ledger.settings import Settings
from workspaces import git
from workspaces.amended import agreed
from workspaces.remote import references
from workspaces.whereabouts import path_of

_AGAIN = timedelta(minutes=1)
_COMES_UP_WITHIN = timedelta(minutes=2)


class Skip(Exception):  # noqa: N818  # nothing went wrong
    """There is nothing for this flow run to do; the text says why."""


async def unfinished(plan: Plan, settings: Settings, flow_run: FlowRun, repository: Path | None) -> str | None:
    """The latest run of this plan that is not over, when a schedule asks for one; the flow run gets its name.

    `repository` is where the flow run works if not where the blueprint says.

    Raises Skip when that run is at work, waits for a person, or goes on by itself in the flow run it has; and when
    the latest one has passed and the base is still the same. Nothing is done twice.
    """
    if not flow_run.auto_scheduled:
        return None
    place = _place(plan, repository)
    folder = next((folder for folder in reversed(all_runs(settings.home)) if _is_of(folder, plan, place)), None)
    if folder is None or await cancelled_in_prefect(folder, settings) or not _goes_on(folder):
        return None
    async with get_client() as client:
        mine = FlowRunFilter(name=FlowRunFilterName(any_=[folder.run]))
        for other in await client.read_flow_runs(flow_run_filter=mine):
            if other.id != flow_run.id and other.state and _comes_up(other.state):
                raise Skip(f"{folder.run} goes on by itself in its own flow run, which is {other.state.name}")
        await client.update_flow_run(flow_run.id, name=folder.run)
    return folder.run


def _comes_up(state: State[Any]) -> bool:
    """Whether a flow run is yet to start, or has started just now: its process may not own the mission's run yet."""
    recent = datetime.now(UTC) - state.timestamp < _COMES_UP_WITHIN
    return state.type is StateType.SCHEDULED or (state.type in (StateType.PENDING, StateType.RUNNING) and recent)


async def require_free(folder: RunFolder, flow_run: FlowRun) -> None:
    """Somebody may be at work on the run of a deployment: another flow run, or a former life of this one.

    Raises Skip, and Pause to have a worker look again later: that former life still has to tell how it ends.
    """
    if flow_run.deployment_id is None or not folder.alive():
        return
    lives = [event for event in read_events(folder.ledger) if event.kind is Kind.MISSION_RUN_STARTED]
    if not lives or lives[-1].data.get("flowRun") != str(flow_run.id):
        raise Skip(f"{folder.run} is at work")
    later: State[Any] = AwaitingRetry(
        scheduled_time=datetime.now(UTC) + _AGAIN, message=f"{folder.run} is still at work"
    )
    async with get_client() as client:
        await client.set_flow_run_state(flow_run.id, later, force=True)
        raise Pause(state=(await client.read_flow_run(flow_run.id)).state)


@contextmanager
def one_at_a_time(home: Path, flow_run: FlowRun) -> Generator[None]:
    """While flow runs that a schedule starts together look for what there is to do, and take it."""
    if not flow_run.auto_scheduled:
        yield
        return
    home.mkdir(parents=True, exist_ok=True)
    with (home / "scheduled.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _place(plan: Plan, repository: Path | None) -> Path | None:
    """The checkout it is about; None: a clone of what has a URL."""
    declared = plan.blueprint.repository
    if repository is None and declared.url:
        return None
    return git.repository(repository or Path(plan.folder, declared.path or "."), declared.base_branch).root


def _is_of(folder: RunFolder, plan: Plan, place: Path | None) -> bool:
    events = read_events(folder.ledger)
    return agreed(events) == plan.digest and place in (None, path_of(folder, events))


def _goes_on(folder: RunFolder) -> bool:
    events = read_events(folder.ledger)
    report = build_report(folder.run, folder.plan(), events)
    if folder.alive():
        raise Skip(f"{folder.run} is at work")
    if gate := still_open(events):
        raise Skip(f"{folder.run} waits for a decision since {gate.timestamp}")
    if report.status is RunStatus.PASSED and _same_base(folder.plan(), report):
        raise Skip(f"{folder.run} has passed from this base already: {report.branch} at {report.commit}")
    return not report.status.over


def _same_base(plan: Plan, report: MissionReport) -> bool:
    """Whether a mission that starts now would start from where that one did."""
    url, branch = plan.blueprint.repository.url, report.base_branch
    if url is None:
        return git.resolve_branch(Path(report.repository), branch) == report.base
    ref = f"refs/heads/{branch}"
    return references(Path("/"), url, ref).get(ref) == report.base
