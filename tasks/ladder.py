"""The ladder that is climbed where git meets a conflict: cheapest rung first, until a result is accepted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from blueprints.digest import digest
from blueprints.fields import Value
from ledger.events import Event, Kind
from ledger.report import StepStatus
from tasks.resolving import integrated, rebuilt, was_rebuilt
from tasks.rungs import Junction, Step, generated, recorded, united
from validators.witness import for_now
from workspaces import git
from workspaces.recorded import record


class Rung(StrEnum):
    """How a feature came into the milestone's commit."""

    CONTAINED = "contained"
    CLEAN = "clean"
    RECORDED = "recorded"
    GENERATED = "generated"
    UNION = "union"
    INTEGRATOR = "integrator"
    REBUILT = "rebuilt"


class Tried(Value):
    """A rung that was tried."""

    rung: Rung
    status: StepStatus
    reason: str = ""
    seconds: float = 0.0
    agent_runs: int = 0
    usd: float | None = None
    """What its agents cost; None when none of them told."""


class Climb(Value):
    """Where the climbing ended, and by which rungs."""

    tried: list[Tried]
    commit: str | None = None
    built: str | None = None
    made_anew: tuple[str, ...] = ()


_BY_CODE: dict[Rung, Callable[[Junction], Step | None]] = {
    Rung.RECORDED: recorded,
    Rung.GENERATED: generated,
    Rung.UNION: united,
}
_RUNGS = {**_BY_CODE, Rung.INTEGRATOR: integrated, Rung.REBUILT: rebuilt}


def climb(junction: Junction, *, joining: bool) -> Climb:
    """Rung by rung until a result is accepted; what is only joined for another feature is not built anew for it."""
    tried: list[Tried] = []
    for rung in _rungs(junction, joining=joining):
        made = _try(junction, rung, joining=joining)
        if made is None:
            continue
        step, told = made
        tried.append(told)
        if step.commit:
            _remember(junction, rung, step.commit)
            return Climb(tried=tried, commit=step.commit, built=step.built, made_anew=step.made_anew)
        if step.status is not StepStatus.FAILED:
            break
    return Climb(tried=tried)


def _rungs(junction: Junction, *, joining: bool) -> Sequence[Rung]:
    if joining:
        return [*_BY_CODE, Rung.INTEGRATOR]
    return [Rung.REBUILT] if was_rebuilt(junction) else list(_RUNGS)


def _try(junction: Junction, rung: Rung, *, joining: bool) -> tuple[Step, Tried] | None:
    """The rung and what is told of it; None when it is for other conflicts. What the stop ended is not recorded."""
    mission, key = junction.mission, _key(junction, rung, joining=joining)
    if known := mission.ledger.recorded(key):
        return _as_recorded(rung, known)
    begun, since = time.monotonic(), len(mission.ledger.events)
    step = _RUNGS[rung](junction)
    if step is None:
        return None
    if mission.stop.is_set() and not step.commit:
        step = Step(StepStatus.STOPPED, reason="the mission was stopped")
    runs, usd = _cost(mission.ledger.events[since:], junction.fitting.feature)
    seconds = round(time.monotonic() - begun, 3)
    told = Tried(rung=rung, status=step.status, reason=step.reason, seconds=seconds, agent_runs=runs, usd=usd)
    if step.status is not StepStatus.STOPPED:
        refused = {"key": key} if rung in _BY_CODE and not step.commit else {}
        facts = {"featureId": junction.fitting.feature, "joining": joining, **told.model_dump(mode="json"), **refused}
        mission.ledger.append(Kind.MERGE_TRIED, milestone=junction.fitting.milestone.name, **facts)
    return step, told


def _key(junction: Junction, rung: Rung, *, joining: bool) -> str:
    """What was refused is refused for as long as this life of the run lasts: it may have lacked a tool."""
    checks, rules = [check.key for check in junction.fitting.checks], junction.mission.plan.blueprint.merges
    return for_now(junction.mission, digest("rung", rung, junction.sides, checks, rules, joining))


def _as_recorded(rung: Rung, event: Event) -> tuple[Step, Tried]:
    status, reason = StepStatus(event.data["status"]), event.data["reason"]
    return Step(status, reason=reason), Tried(rung=rung, status=status, reason=reason)


def _cost(events: Sequence[Event], feature: str) -> tuple[int, float | None]:
    """Starts of agents for the feature, and what they cost as far as they told."""
    mine = [event for event in events if event.data.get("featureId") == feature and "workerSessionId" in event.data]
    told = [usage["usd"] for event in mine if (usage := event.data.get("usage")) and usage.get("usd") is not None]
    return sum(event.kind is Kind.WORKER_STARTED for event in mine), round(sum(told), 6) if told else None


def _remember(junction: Junction, rung: Rung, commit: str) -> None:
    """For the next time that the same lines meet in this run."""
    mission = junction.mission
    if rung not in (Rung.RECORDED, Rung.REBUILT):
        record(mission.root, mission.folder.path, *junction.sides, git.tree_of(mission.root, commit))
