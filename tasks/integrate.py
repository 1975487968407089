"""The milestone's features, merged one after another into one commit."""

from __future__ import annotations

from typing import Any

from prefect import State, task
from prefect.states import Failed
from pydantic import Field

from agents.outcome import Outcome
from blueprints.digest import digest
from ledger.events import Event, Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.ladder import Rung
from tasks.merging import Merge, merge_feature
from tasks.order import next_to_merge
from tasks.parking import may_park
from validators.presence import Integrated
from workspaces import git
from workspaces.durable import flush
from workspaces.mission import Mission


class Integration(Outcome):
    """The milestone's commit, or the reason why there is none."""

    commits: dict[str, str] = Field(default={})
    """Each feature's commit, as it was merged: another one than was given for a feature that was built anew."""


@task(name="integrate", task_run_name="integrate {milestone}")
@may_park
def integrate_task(run: str, milestone: str, base: str, commits: dict[str, str]) -> Integration | State[Integration]:
    """`commits` holds each feature's commit. What does not fit together is a failed task that names both sides."""
    outcome = integrate(mission_of(run), milestone, base, commits)
    return outcome if outcome.done else Failed(message=outcome.reason, data=outcome)


def integrate(mission: Mission, milestone: str, base: str, commits: dict[str, str]) -> Integration:
    """Merge every feature, one merge commit each; the first that cannot be ends it.

    Then each feature's change must be in the result.
    """
    planned, tip = mission.plan.milestone(milestone), base
    merged, made_anew = dict[str, str](), set[str]()
    while len(merged) < len(planned.features):
        feature = next_to_merge(mission.root, planned, base, tip, merged, commits)
        merge = _merge(mission, milestone, merged, tip, feature.id, commits[feature.id])
        if merge.commit is None:
            return _failed(mission, milestone, merge, merged)
        tip = merge.commit
        merged[feature.id] = merge.built or commits[feature.id]
        made_anew.update(merge.made_anew)
    missing = Integrated(mission, planned, base, tip, merged, made_anew).missing()
    if mission.stop.is_set():
        return Integration(name=milestone, status=StepStatus.STOPPED, reason="the mission was stopped")
    if missing:
        return _failed(mission, milestone, _dropped(missing), merged)
    return Integration(name=milestone, status=StepStatus.DONE, commit=tip, commits=merged)


def _dropped(missing: dict[str, list[str]]) -> Merge:
    told = "; ".join(line for lines in missing.values() for line in lines)
    reason = f"not everything is in the integrated commit: {told}"
    return Merge(feature=next(iter(missing)), commit=None, how=None, reason=reason, status=StepStatus.FAILED)


def _merge(mission: Mission, milestone: str, merged: dict[str, str], ours: str, name: str, theirs: str) -> Merge:
    key = digest("merge", ours, theirs)
    if recorded := mission.ledger.recorded(key):
        return _as_recorded(recorded)
    merge = merge_feature(mission, milestone, merged, ours, name, theirs)
    if merge.commit:
        git.update_ref(mission.root, f"refs/missions/{mission.run}/milestone/{milestone}", merge.commit)
        flush(mission.root)
        _record(mission, milestone, merge, key)
    return merge


def _record(mission: Mission, milestone: str, merge: Merge, key: str) -> None:
    facts: dict[str, Any] = {"featureId": merge.feature, "commit": merge.commit, "how": merge.how}
    if merge.tried:
        facts |= {"seconds": merge.seconds, "agentRuns": merge.agent_runs, "usd": merge.usd}
        facts |= {"built": merge.built, "madeAnew": merge.made_anew}
    mission.ledger.append(Kind.FEATURE_INTEGRATED, milestone=milestone, key=key, **facts)


def _as_recorded(event: Event) -> Merge:
    data = event.data
    return Merge(
        feature=data["featureId"],
        commit=data["commit"],
        how=Rung(data["how"]) if data["how"] in list(Rung) else None,
        built=data.get("built"),
        made_anew=data.get("madeAnew", ()),
    )


def _failed(mission: Mission, milestone: str, merge: Merge, merged: dict[str, str]) -> Integration:
    if merge.status is not StepStatus.STOPPED:
        facts = {"featureId": merge.feature, "merged": list(merged), "reason": merge.reason}
        mission.ledger.append(Kind.INTEGRATION_FAILED, milestone=milestone, **facts)
    return Integration(name=milestone, status=merge.status, reason=merge.reason)
