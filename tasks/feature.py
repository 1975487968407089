"""A feature, from its needs to a proved commit."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from agents.base import Assignment
from agents.handoff import Handoff
from agents.judges import new_commit
from agents.outcome import Judge, NotProvedError, Outcome
from agents.skills import find_skill
from agents.work import Job, carry_out
from blueprints.digest import digest
from blueprints.plan import PlannedFeature
from blueprints.schema import Role
from ledger.events import Kind
from ledger.report import StepStatus
from tasks.active import mission_of
from tasks.merging import merge_feature
from tasks.parking import may_park
from validators import added_tests
from workspaces import git
from workspaces.mission import Mission
from workspaces.worktree import Workspace


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
        outcome = carry_out(mission, _job(mission, milestone, feature, start.commit))
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
            merge = merge_feature(mission, milestone, merged, commit, name, need)
            if merge.commit is None:
                return Outcome(name=name, status=merge.status, reason=f"its needs do not fit together: {merge.reason}")
            commit = merge.commit
        merged[name] = need
    return Outcome(name="", status=StepStatus.DONE, commit=commit)


def _job(mission: Mission, milestone: str, feature: PlannedFeature, base: str) -> Job:
    skill = find_skill(feature.skill, mission.plan, mission.root, base) if feature.skill else None
    anew = mission.retries_asked(feature.id)
    return Job(
        assignment=Assignment.of(
            mission,
            Role.WORKER,
            milestone,
            base,
            feature.title,
            feature=feature.id,
            spec=feature.spec,
            assertions=feature.assertions,
            touches=feature.touches,
            skill=skill,
        ),
        agent=feature.agent,
        timeout=feature.timeout,
        retries=feature.retries,
        key=digest("feature", feature.key, git.tree_of(mission.root, base), skill.text if skill else None, anew),
        judge=_with_tests(mission, milestone, feature, base),
    )


def _with_tests(mission: Mission, milestone: str, feature: PlannedFeature, base: str) -> Judge:
    """A new commit, and tests that tell it from its base."""
    committed = new_commit(base, feature.title, allow_empty=feature.allow_empty)

    def judge(workspace: Workspace, handoff: Handoff | None) -> str:
        commit = committed(workspace, handoff)
        if reason := added_tests.refusal(mission, milestone, feature, base, commit):
            raise NotProvedError(reason, StepStatus.STOPPED if mission.stop.is_set() else StepStatus.FAILED)
        return commit

    return judge
