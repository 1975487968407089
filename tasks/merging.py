"""Merging by code; an agent only where git meets a conflict."""

from __future__ import annotations

from agents.base import Assignment
from agents.judges import resolved_merge
from agents.outcome import Outcome
from agents.work import Job, carry_out
from blueprints.digest import digest
from blueprints.fields import Value
from blueprints.plan import PlannedFeature
from blueprints.schema import Role
from ledger.report import StepStatus
from workspaces import git
from workspaces.merge import Conflict, merge
from workspaces.mission import Mission


class Merge(Value):
    """One feature merged, or the reason why not."""

    feature: str
    commit: str | None
    how: str = "clean"
    """clean, resolved by the integrator, or contained: there was nothing left to merge."""
    reason: str = ""
    status: StepStatus = StepStatus.DONE


def merge_feature(mission: Mission, milestone: str, merged: dict[str, str], ours: str, name: str, theirs: str) -> Merge:
    """Merge the feature's commit `theirs` into `ours`, in no checkout unless there is a conflict.

    `merged` holds the commits of the features that are in `ours` already: the other side of a conflict.
    """
    feature = mission.plan.feature(name)
    message = _message(mission, milestone, feature)
    result = merge(mission.root, ours, theirs, message)
    if not isinstance(result, Conflict):
        return Merge(feature=name, commit=result.commit, how="contained" if result.commit == ours else "clean")
    outcome = carry_out(mission, _resolve(mission, milestone, ours, theirs, feature, result))
    if outcome.commit is None:
        return _unresolved(mission, feature, merged, result, outcome)
    return Merge(feature=name, commit=_between(mission, ours, theirs, outcome.commit, message), how="resolved")


def _message(mission: Mission, milestone: str, feature: PlannedFeature) -> str:
    trailers = f"Mission-Run: {mission.run}\nMission-Feature: {feature.id}\n"
    return f"Merge {feature.id} into {milestone}\n\n{feature.title}\n\n{trailers}"


def _resolve(
    mission: Mission, milestone: str, ours: str, theirs: str, feature: PlannedFeature, conflict: Conflict
) -> Job:
    """The key names trees, not commits: the same conflict met again is not resolved again."""
    plan = mission.plan
    agent = plan.role(Role.INTEGRATOR)
    profile, told = plan.agent(agent), plan.blueprint.instructions.get(Role.INTEGRATOR)
    trees = [git.tree_of(mission.root, commit) for commit in (ours, theirs)]
    return Job(
        assignment=Assignment.of(
            mission,
            Role.INTEGRATOR,
            milestone,
            ours,
            feature.title,
            feature=feature.id,
            spec=feature.spec,
            assertions=feature.assertions,
            touches=feature.touches,
            failures=[*(f"conflict in `{path}`" for path in conflict.paths), *conflict.messages],
        ),
        agent=agent,
        timeout=profile.timeout,
        retries=profile.retries,
        key=digest("resolve", trees, profile.shape(), told, plan.blueprint.setup, feature.asks),
        judge=resolved_merge(ours, theirs, _message(mission, milestone, feature)),
        merging=theirs,
    )


def _unresolved(
    mission: Mission, feature: PlannedFeature, merged: dict[str, str], conflict: Conflict, outcome: Outcome
) -> Merge:
    base, paths = mission.repository.base, set(conflict.paths)
    others = [name for name, commit in merged.items() if paths & set(git.changed_paths(mission.root, base, commit))]
    sides = f"{feature.id} and {', '.join(others or merged)}"
    reason = f"{sides} conflict in {', '.join(conflict.paths)}: {outcome.reason}"
    return Merge(feature=feature.id, commit=None, reason=reason, status=outcome.status)


def _between(mission: Mission, ours: str, theirs: str, commit: str, message: str) -> str:
    """The resolution as a merge of exactly these two, also when it was found between two others."""
    root = mission.root
    if git.parents_of(root, commit) == [ours, theirs]:
        return commit
    return git.commit_tree(root, git.tree_of(root, commit), [ours, theirs], message)
