"""The run of a mission: approve, one milestone after another, report."""

from __future__ import annotations

from uuid import UUID

from prefect import State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Crashed, Failed

from flows.approval import approve_plan
from flows.events import forward_events
from flows.milestone import milestone_flow
from flows.outcome import MilestoneOutcome
from flows.results import run_flow, run_task
from flows.watch import cancelled_in_prefect, watching
from ledger.accepted import not_accepted
from ledger.events import Kind
from ledger.report import MissionReport, RunStatus, StepStatus
from tasks.report import publish, report_task
from tasks.witness import Before, witness_plan_task
from workspaces import git
from workspaces.mission import Mission


async def conduct(mission: Mission) -> State[str]:
    """Bring the mission to an outcome, or to a pause from which it can be resumed. The state tells which."""
    forward_events(mission)
    try:
        await _run(mission)
    except BaseException as error:
        mission.stop.set()  # agents do not go on for a mission that cannot
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"the engine failed: {type(error).__name__}: {error}")
        await report_task(mission.run)
        raise
    return _state(await report_task(mission.run))


async def _run(mission: Mission) -> None:
    flow_run = _flow_run()
    async with watching(mission, flow_run):
        green = await _green(mission)
        decision = await approve_plan(mission.run, green)
        outcome = await _milestones(mission, green) if decision == "approve" else None
    if mission.halted and await cancelled_in_prefect(flow_run):
        mission.wish("cancel", "Prefect")  # Prefect's cancel button is a signal first
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
    for milestone in mission.plan.milestones:
        await publish(mission)
        outcome = await run_flow(milestone_flow, mission.run, milestone.name, str(outcome.commit))
        if outcome.status is not StepStatus.SEALED:
            break
    return outcome


def _not_discriminating(mission: Mission, names: list[str]) -> str:
    words = " ".join(f"--accept {name}" for name in names)
    return (
        f"not discriminating: {', '.join(names)} passed on the base, before any work; correct the check, say "
        f"'invariant: true', or go on with `mission resume {mission.run} {words}`"
    )


def _conclude(mission: Mission, outcome: MilestoneOutcome | None) -> None:
    """Write the run's end into the ledger. A decision against the plan is there already; one that is open stays so."""
    if outcome is not None and outcome.status is StepStatus.SEALED:
        _complete(mission, outcome.commit)
    elif mission.wished == "cancel":
        mission.ledger.append(Kind.MISSION_CANCELLED, reason=f"cancelled by {mission.wished_by}", by=mission.wished_by)
    elif outcome is not None and outcome.status is StepStatus.FAILED:
        where = f"milestone {outcome.name}: " if outcome.name else ""
        mission.ledger.append(Kind.MISSION_FAILED, reason=where + outcome.reason)
    elif outcome is not None:
        mission.ledger.append(Kind.MISSION_PAUSED, reason=f"paused by {mission.wished_by}")


def _complete(mission: Mission, commit: str | None) -> None:
    """Passed is the delivered tip, looked up in git, and not what was meant to be there."""
    tip = git.resolve_branch(mission.root, mission.branch)
    if tip != commit:
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"{mission.branch} is at {tip}, but {commit} was verified")
    elif reason := mission.ledger.objection():
        mission.ledger.append(Kind.MISSION_FAILED, reason=reason)
    else:
        mission.ledger.append(Kind.MISSION_COMPLETED, commit=commit, branch=mission.branch)


def _flow_run() -> UUID:
    context = FlowRunContext.get()
    assert context
    assert context.flow_run
    return context.flow_run.id


def _state(report: MissionReport) -> State[str]:
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
