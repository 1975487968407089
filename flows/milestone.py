"""A milestone: features, integration, validation, repair, seal."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from agents.outcome import Outcome
from flows.features import build_features
from flows.outcome import MilestoneOutcome
from flows.parking import run_through
from flows.proof import Proof
from flows.results import run_task
from flows.watch import catch_signals
from ledger.events import Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.integrate import integrate_task
from tasks.seal import sealed_at
from tasks.witness import Before, witness_milestone_task
from validators.witness import Witness
from workspaces.mission import Mission

THREADS = 128
"""More than any `maxConcurrency`: a full pool would deadlock a task that waits for another."""


_POOL: TaskRunner[PrefectFuture[Any]] = ThreadPoolTaskRunner(max_workers=THREADS)  # type: ignore[assignment]  # covariant


@flow(name="milestone", flow_run_name="{milestone}", task_runner=_POOL)
async def milestone_flow(run: str, milestone: str, base: str) -> State[Any]:
    """From the previous milestone's commit to this one's, sealed."""
    mission = mission_of(run)
    catch_signals(mission)
    outcome = _already_sealed(mission, milestone, base) or await _reach(mission, milestone, base)
    if outcome.status is StepStatus.SEALED:
        return Completed(message=f"sealed at {outcome.commit}", data=outcome)
    if outcome.status is StepStatus.FAILED:
        mission.ledger.append(Kind.MILESTONE_FAILED, milestone=milestone, reason=outcome.reason)
    return Failed(message=outcome.reason, data=outcome)


def _already_sealed(mission: Mission, milestone: str, base: str) -> MilestoneOutcome | None:
    commit = sealed_at(mission, milestone, base)
    return MilestoneOutcome(name=milestone, status=StepStatus.SEALED, commit=commit) if commit else None


async def _reach(mission: Mission, milestone: str, base: str) -> MilestoneOutcome:
    mission.ledger.append(Kind.MILESTONE_STARTED, milestone=milestone, base=base)
    if mission.plan.milestone(milestone).new_checks:
        before: Before = await run_task(witness_milestone_task, mission.run, milestone, base)
        if before.broken and not mission.stop.is_set():
            return _broken(milestone, before.broken)
    features = await build_features(mission, milestone, base)
    if missing := {name: outcome for name, outcome in features.items() if not outcome.done}:
        return _not_built(milestone, missing)
    commits = {name: outcome.commit for name, outcome in features.items() if outcome.commit}
    integrated = await run_through(mission, integrate_task, milestone, base, commits)
    if integrated is None:
        return MilestoneOutcome(name=milestone, status=StepStatus.STOPPED, reason="the mission was stopped")
    if integrated.commit is None:
        return MilestoneOutcome(name=milestone, status=integrated.status, reason=integrated.reason)
    return await Proof(mission, milestone, base, integrated.commits).reach(integrated.commit)


def _broken(milestone: str, invariants: list[Witness]) -> MilestoneOutcome:
    """What must hold before the work as after it does not hold before: the contract is wrong, or the base is."""
    told = "; ".join(
        f"{w.id} is an invariant and does not hold on the base {w.base[:12]}: {w.reason}" for w in invariants
    )
    return MilestoneOutcome(name=milestone, status=StepStatus.FAILED, reason=told)


def _not_built(milestone: str, missing: dict[str, Outcome]) -> MilestoneOutcome:
    reason = "; ".join(f"{name} {outcome.status}: {outcome.reason}" for name, outcome in missing.items())
    failed = any(outcome.status in (StepStatus.FAILED, StepStatus.QUARANTINED) for outcome in missing.values())
    status = StepStatus.FAILED if failed else StepStatus.STOPPED
    return MilestoneOutcome(name=milestone, status=status, reason=reason)
