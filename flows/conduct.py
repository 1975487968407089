"""The run of a mission: approve, one milestone after another, report."""

from __future__ import annotations

from uuid import UUID

from prefect import State
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Crashed, Failed

from flows.approval import approve_plan
from flows.events import forward_events
from flows.milestone import MilestoneOutcome, milestone_flow
from flows.results import result_of
from flows.watch import Wish, watching
from ledger.events import Kind
from ledger.report import MissionReport, RunStatus, StepStatus
from tasks.report import publish, report_task
from workspaces import git
from workspaces.mission import Mission


async def conduct(mission: Mission) -> State[str]:
    """Bring the mission to an outcome, or to a pause from which it can be resumed. The state tells which."""
    forward_events(mission)
    async with watching(mission, _flow_run()) as wish:
        decision = await approve_plan(mission.run)
        outcome = await _milestones(mission) if decision == "approve" else None
        _conclude(mission, outcome, decision, wish)
    return _state(await report_task(mission.run))


async def _milestones(mission: Mission) -> MilestoneOutcome:
    """The last milestone's outcome, or the first that was not sealed."""
    base = mission.repository.base
    for milestone in mission.plan.milestones:
        state = await milestone_flow(mission.run, milestone.name, base, return_state=True)
        outcome: MilestoneOutcome = await result_of(state)
        if outcome.status is not StepStatus.SEALED:
            return outcome
        base = str(outcome.commit)
        await publish(mission)
    return outcome


def _conclude(mission: Mission, outcome: MilestoneOutcome | None, decision: str, wish: Wish) -> None:
    """Write the run's end into the ledger. A rejection is there already."""
    if outcome is not None and outcome.status is StepStatus.SEALED:
        _complete(mission, outcome.commit)
    elif wish.action == "cancel":
        mission.ledger.append(Kind.MISSION_CANCELLED, reason=f"cancelled by {wish.by}", by=wish.by)
    elif decision == "stopped" or mission.halted:
        mission.ledger.append(Kind.MISSION_PAUSED, reason=f"paused by {wish.by or 'a signal'}")
    elif outcome is not None:
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"milestone {outcome.name}: {outcome.reason}")


def _complete(mission: Mission, commit: str | None) -> None:
    """Passed is the delivered tip, looked up in git, and not what was meant to be there."""
    tip = git.resolve_branch(mission.root, mission.branch)
    if tip == commit:
        mission.ledger.append(Kind.MISSION_COMPLETED, commit=commit, branch=mission.branch)
    else:
        mission.ledger.append(Kind.MISSION_FAILED, reason=f"{mission.branch} is at {tip}, but {commit} was verified")


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
            return Crashed(
                message=f"{told}; go on with `mission resume {report.run}`",
                name="Interrupted",
                data=report.run,
            )
