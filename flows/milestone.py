"""A milestone: features, integration, validation, repair, seal."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from agents.outcome import Outcome
from blueprints.fields import Value
from flows.features import build_features
from flows.results import run_task
from flows.watch import catch_signals
from ledger.events import Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.integrate import integrate_task
from tasks.repair import repair_task
from tasks.seal import seal
from tasks.validate import validate_task
from validators.base import Verdict
from workspaces.mission import Mission

THREADS = 128
"""More than any `maxConcurrency`: a full pool would deadlock a task that waits for another."""


class MilestoneOutcome(Value):
    name: str
    status: StepStatus
    """sealed, failed or stopped."""
    commit: str | None = None
    reason: str = ""


_POOL: TaskRunner[PrefectFuture[Any]] = ThreadPoolTaskRunner(max_workers=THREADS)  # type: ignore[assignment]  # covariant


@flow(name="milestone", flow_run_name="{milestone}", task_runner=_POOL)
async def milestone_flow(run: str, milestone: str, base: str) -> State[Any]:
    """From the previous milestone's commit to this one's, sealed."""
    mission = mission_of(run)
    catch_signals(mission)
    outcome = _already_sealed(mission, milestone) or await _reach(mission, milestone, base)
    if outcome.status is StepStatus.SEALED:
        return Completed(message=f"sealed at {outcome.commit}", data=outcome)
    if outcome.status is StepStatus.FAILED:
        mission.ledger.append(Kind.MILESTONE_FAILED, milestone=milestone, reason=outcome.reason)
    return Failed(message=outcome.reason, data=outcome)


def _already_sealed(mission: Mission, milestone: str) -> MilestoneOutcome | None:
    for event in mission.ledger.events:
        if event.kind is Kind.MILESTONE_SEALED and event.data["milestone"] == milestone:
            return MilestoneOutcome(name=milestone, status=StepStatus.SEALED, commit=event.data["commit"])
    return None


async def _reach(mission: Mission, milestone: str, base: str) -> MilestoneOutcome:
    mission.ledger.append(Kind.MILESTONE_STARTED, milestone=milestone, base=base)
    features = await build_features(mission, milestone, base)
    if missing := {name: outcome for name, outcome in features.items() if not outcome.done}:
        return _not_built(milestone, missing)
    commits = {name: outcome.commit for name, outcome in features.items() if outcome.commit}
    integrated = await run_task(integrate_task, mission.run, milestone, base, commits)
    if integrated.commit is None:
        return MilestoneOutcome(name=milestone, status=integrated.status, reason=integrated.reason)
    return await _prove(mission, milestone, base, integrated.commit)


async def _prove(mission: Mission, milestone: str, base: str, commit: str) -> MilestoneOutcome:
    """Validate, and repair at most `repairs` times; sealed is only a commit whose every verdict is a pass.

    Repairs of a former life of the run are taken up again without being counted.
    """
    seen, left = list[str](), mission.plan.blueprint.repairs
    while True:
        seen.append(commit)
        verdicts: list[Verdict] = await run_task(validate_task, mission.run, milestone, commit, len(seen))
        failing = [verdict for verdict in verdicts if not verdict.passed]
        if mission.stop.is_set():
            return MilestoneOutcome(name=milestone, status=StepStatus.STOPPED, reason="the mission was stopped")
        if not failing:
            return _seal(mission, milestone, base, commit, verdicts)
        repair = await _repair(mission, milestone, commit, failing, left)
        if repair is None or repair.commit is None or repair.commit in seen:
            return _not_proved(milestone, failing, repair)
        left -= repair.fresh
        commit = repair.commit


async def _repair(mission: Mission, milestone: str, commit: str, failing: list[Verdict], left: int) -> Outcome | None:
    """A repaired commit, or None when no repair is left."""
    if not left:
        return None
    repair: Outcome = await run_task(repair_task, mission.run, milestone, commit, failing)
    return repair


def _seal(mission: Mission, milestone: str, base: str, commit: str, verdicts: list[Verdict]) -> MilestoneOutcome:
    if reason := seal(mission, milestone, base, commit, verdicts):
        return MilestoneOutcome(name=milestone, status=StepStatus.FAILED, reason=reason)
    return MilestoneOutcome(name=milestone, status=StepStatus.SEALED, commit=commit)


def _not_built(milestone: str, missing: dict[str, Outcome]) -> MilestoneOutcome:
    reason = "; ".join(f"{name} {outcome.status}: {outcome.reason}" for name, outcome in missing.items())
    failed = any(outcome.status in (StepStatus.FAILED, StepStatus.QUARANTINED) for outcome in missing.values())
    status = StepStatus.FAILED if failed else StepStatus.STOPPED
    return MilestoneOutcome(name=milestone, status=status, reason=reason)


def _not_proved(milestone: str, failing: list[Verdict], repair: Outcome | None) -> MilestoneOutcome:
    reason = "not proved: " + ", ".join(f"{verdict.id} {verdict.status}" for verdict in failing)
    if repair is not None:
        reason += f"; the repair {repair.status}: {repair.reason or 'it leads back to a commit that failed before'}"
    stopped = repair is not None and repair.status is StepStatus.STOPPED
    return MilestoneOutcome(name=milestone, status=StepStatus.STOPPED if stopped else StepStatus.FAILED, reason=reason)
