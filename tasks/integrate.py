"""The milestone's features, merged one after another into one commit."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from agents.outcome import Outcome
from blueprints.digest import digest
from ledger.events import Event, Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.merging import Merge, merge_feature
from tasks.parking import may_park
from workspaces import git
from workspaces.durable import flush
from workspaces.mission import Mission


@task(name="integrate", task_run_name="integrate {milestone}")
@may_park
def integrate_task(run: str, milestone: str, base: str, commits: dict[str, str]) -> Outcome | State[Outcome]:
    """`commits` holds each feature's commit. What does not fit together is a failed task that names both sides."""
    outcome = integrate(mission_of(run), milestone, base, commits)
    return outcome if outcome.done else Failed(message=outcome.reason, data=outcome)


def integrate(mission: Mission, milestone: str, base: str, commits: dict[str, str]) -> Outcome:
    """Merge every feature in dependency order, one merge commit each; the first that cannot be ends it."""
    tip, merged = base, dict[str, str]()
    for feature in mission.plan.milestone(milestone).in_order():
        merge = _merge(mission, milestone, merged, tip, feature.id, commits[feature.id])
        if merge.commit is None:
            return _failed(mission, milestone, merge, merged)
        tip = merge.commit
        merged[feature.id] = commits[feature.id]
    return Outcome(name=milestone, status=StepStatus.DONE, commit=tip)


def _merge(mission: Mission, milestone: str, merged: dict[str, str], ours: str, name: str, theirs: str) -> Merge:
    key = digest("merge", ours, theirs)
    if recorded := mission.ledger.recorded(key):
        return _as_recorded(recorded)
    merge = merge_feature(mission, milestone, merged, ours, name, theirs)
    if merge.commit:
        git.update_ref(mission.root, f"refs/missions/{mission.run}/milestone/{milestone}", merge.commit)
        flush(mission.root)
        facts = {"featureId": name, "commit": merge.commit, "how": merge.how}
        mission.ledger.append(Kind.FEATURE_INTEGRATED, milestone=milestone, key=key, **facts)
    return merge


def _as_recorded(event: Event) -> Merge:
    return Merge(feature=event.data["featureId"], commit=event.data["commit"], how=event.data["how"])


def _failed(mission: Mission, milestone: str, merge: Merge, merged: dict[str, str]) -> Outcome:
    if merge.status is not StepStatus.STOPPED:
        facts = {"featureId": merge.feature, "merged": list(merged), "reason": merge.reason}
        mission.ledger.append(Kind.INTEGRATION_FAILED, milestone=milestone, **facts)
    return Outcome(name=milestone, status=merge.status, reason=merge.reason)
