"""A feature, from its needs to a proved commit."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from agents.outcome import Outcome
from agents.work import carry_out
from ledger.events import Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.building import worker_job
from tasks.merging import merge_feature
from tasks.parking import may_park
from workspaces import git
from workspaces.mission import Mission


@task(name="feature", task_run_name="{feature}")
@may_park
def feature_task(run: str, milestone: str, feature: str, base: str, needs: dict[str, str]) -> Outcome | State[Outcome]:
    """`needs` holds the commits of the features that this one builds on. A failed feature is a failed task."""
    outcome = build_feature(mission_of(run), milestone, feature, base, needs)
    return outcome if outcome.done else Failed(message=f"{outcome.status}: {outcome.reason}", data=outcome)


def build_feature(mission: Mission, milestone: str, name: str, base: str, needs: dict[str, str]) -> Outcome:
    """Let the feature's agent work on top of its needs until the engine has a commit to show."""
    feature = mission.plan.feature(name)
    start = join_needs(mission, milestone, base, needs)
    if start.commit is None:
        outcome = start.model_copy(update={"name": name})
    else:
        outcome = carry_out(mission, worker_job(mission, milestone, feature, start.commit))
    if not outcome.done and outcome.status is not StepStatus.STOPPED:
        mission.ledger.append(
            Kind.FEATURE_FAILED,
            milestone=milestone,
            featureId=name,
            status=outcome.status,
            reason=outcome.reason,
        )
    return outcome


def join_needs(mission: Mission, milestone: str, base: str, needs: dict[str, str]) -> Outcome:
    """The commit to start from: the base with every need merged in, in the plan's order."""
    commit, merged = base, dict[str, str]()
    for name, need in needs.items():
        if git.is_ancestor(mission.root, commit, need):
            commit = need
        else:
            merge = merge_feature(mission, milestone, merged, commit, name, need, joining=True)
            if merge.commit is None:
                return Outcome(name=name, status=merge.status, reason=f"its needs do not fit together: {merge.reason}")
            commit = merge.commit
        merged[name] = need
    return Outcome(name="", status=StepStatus.DONE, commit=commit)
