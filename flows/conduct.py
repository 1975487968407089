"""The run of a mission: approve, one milestone after another, report."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import httpx
from prefect import State
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.exceptions import Abort, ObjectNotFound, Pause, PrefectHTTPStatusError
from prefect.states import Cancelled, Completed, Crashed, Failed

from flows.approval import approve_plan
from flows.deployed import REST
from flows.events import forward_events
from flows.former import end_former_lives
from flows.gates import heed_answers
from flows.hours import begin_work, end_for_lack_of_time, keeping_time
from flows.milestone import milestone_flow
from flows.outcome import MilestoneOutcome
from flows.results import run_flow, run_task
from flows.steering import wish
from flows.watch import watching, wished_in_prefect
from ledger.accepted import not_accepted
from ledger.events import Kind
from ledger.gates import still_open
from ledger.report import MissionReport, RunStatus, StepStatus
from ledger.written import write_report
from tasks.report import publish, report_task
from tasks.witness import Before, witness_plan_task
from workspaces import git
from workspaces.drift import note_drift
from workspaces.mission import Mission
from workspaces.room import lack_of_room

PREFECT_IS_AWAY = (httpx.TransportError, PrefectHTTPStatusError, ObjectNotFound)
"""It does not answer, or has forgotten the flow run: the mission is in the ledger, and goes on when Prefect is back."""


async def conduct(mission: Mission) -> MissionReport:
    """Bring the mission to an outcome, or to a pause from which it can be resumed. The report tells which."""
    forward_events(mission)
    try:
        await _run(mission)
        return await report_task(mission.run)
    except Pause:  # suspended in Prefect's UI in the instant before `hosted` took that over
        if not mission.halted:
            mission.ledger.append(Kind.MISSION_PAUSED, reason="paused by Prefect")
        return write_report(mission.folder, mission.plan, mission.ledger.events)
    except BaseException as error:
        mission.stop.set()  # agents do not go on for a mission that cannot
        _record_failure(mission, error)
        write_report(mission.folder, mission.plan, mission.ledger.events)
        raise


@contextmanager
def ended_without_prefect(flow_run: FlowRun) -> Generator[None]:
    """When Prefect is away, do not wait for it once more to tell it that the flow run has ended.

    Of a deployment's it is told: there, nobody else would see that the process is gone.
    """
    try:
        yield
    except PREFECT_IS_AWAY as error:
        if flow_run.deployment_id is None:
            raise Abort(f"{type(error).__name__}: {error}".partition("\n")[0]) from error
        raise


def _record_failure(mission: Mission, error: BaseException) -> None:
    if lack := lack_of_room(mission, error):
        mission.ledger.append(Kind.MISSION_PAUSED, reason=str(lack))
    elif isinstance(error, PREFECT_IS_AWAY):
        mission.ledger.append(Kind.MISSION_PAUSED, reason=f"Prefect is away ({type(error).__name__}: {error})")
    else:
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"the engine failed: {type(error).__name__}: {error}")


async def _run(mission: Mission) -> None:
    flow_run = current_flow_run().id
    async with watching(mission, flow_run), keeping_time(mission):
        await end_former_lives(mission, flow_run)
        await heed_answers(mission)
        green = await _green(mission)
        decision = await approve_plan(mission.run, green)
        outcome = await _milestones(mission, green) if decision == "approve" else None
    if mission.halted and mission.wished != "cancel" and await wished_in_prefect(flow_run) == "cancel":
        wish(mission, "cancel", "Prefect")  # Prefect's cancel button is a signal first
    _conclude(mission, outcome)


async def _green(mission: Mission) -> list[str]:
    """The assertions that pass before any work, although they must not."""
    if not mission.plan.blueprint.contract:
        return []
    before: Before = await run_task(witness_plan_task, mission.run)
    return before.green


async def _milestones(mission: Mission, green: list[str]) -> MilestoneOutcome:
    """The last milestone's outcome, or the first that was not sealed."""
    if (names := not_accepted(mission.ledger.events, green)) and not mission.stop.is_set():
        return MilestoneOutcome(name="", status=StepStatus.FAILED, reason=_not_discriminating(mission, names))
    outcome = MilestoneOutcome(name="", status=StepStatus.PENDING, commit=mission.repository.base)
    begin_work(mission)
    if mission.halted:
        return outcome
    for milestone in mission.plan.milestones:
        await publish(mission)
        outcome = await run_flow(milestone_flow, mission.run, milestone.name, str(outcome.commit))
        if outcome.status is not StepStatus.SEALED:
            break
    if outcome.status is StepStatus.STOPPED:
        end_for_lack_of_time(mission)
    return outcome


def _not_discriminating(mission: Mission, names: list[str]) -> str:
    words = " ".join(f"--accept {name}" for name in names)
    return (
        f"not discriminating: {', '.join(names)} passed on the base, before any work; correct the check, say "
        f"'invariant: true', or go on with `mission resume {mission.run} {words}`"
    )


def _conclude(mission: Mission, outcome: MilestoneOutcome | None) -> None:
    """Write the run's end into the ledger. A decision against the plan is there already; one that is open stays so."""
    if outcome is not None and outcome.status in (StepStatus.SEALED, StepStatus.FAILED):
        note_drift(mission, outcome.commit)
    if outcome is not None and outcome.status is StepStatus.SEALED:
        _complete(mission, outcome.commit)
    elif mission.wished == "cancel":
        mission.ledger.append(Kind.MISSION_CANCELLED, reason=f"cancelled by {mission.wished_by}", by=mission.wished_by)
    elif outcome is not None and outcome.status is StepStatus.FAILED:
        where = f"milestone {outcome.name}: " if outcome.name else ""
        mission.ledger.append(Kind.MISSION_FAILED, reason=where + outcome.reason)
    elif outcome is not None:
        waits = mission.wished == REST
        reason = mission.wished_by if waits else f"paused by {mission.wished_by}"
        if not (waits and still_open(mission.ledger.events)):
            mission.ledger.append(Kind.MISSION_PAUSED, reason=reason, until=mission.rests_until)


def _complete(mission: Mission, commit: str | None) -> None:
    """Passed is the delivered tip, looked up in git, and not what was meant to be there."""
    tip = git.resolve_branch(mission.root, mission.branch)
    if tip != commit:
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"{mission.branch} is at {tip}, but {commit} was verified")
    elif reason := mission.ledger.objection():
        mission.ledger.append(Kind.MISSION_FAILED, reason=reason)
    else:
        mission.ledger.append(Kind.MISSION_COMPLETED, commit=commit, branch=mission.branch)


def current_flow_run() -> FlowRun:
    """The mission's own; to be asked for in its flow."""
    context = FlowRunContext.get()
    assert context
    assert context.flow_run
    return context.flow_run


def state_of(report: MissionReport) -> State[str]:
    """Prefect's word for the outcome; only a passed mission is Completed."""
    told = report.reason or report.status.value
    match report.status:
        case RunStatus.PASSED:
            return Completed(message=f"passed: {report.branch} at {report.commit}", data=report.run)
        case RunStatus.FAILED:
            return Failed(message=told, data=report.run)
        case RunStatus.REJECTED | RunStatus.CANCELLED:
            return Cancelled(message=told, data=report.run)
        case _:
            hint = f"{told}; go on with `mission resume {report.run}`"
            return Crashed(message=hint, name="Interrupted", data=report.run)
