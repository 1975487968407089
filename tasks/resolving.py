"""The rungs of the ladder that need an agent: the integrator resolves the conflict, or a worker builds anew."""

from __future__ import annotations

from dataclasses import replace

from agents.base import Assignment
from agents.handoff import Handoff
from agents.judges import resolved_merge
from agents.outcome import Judge, NotProvedError
from agents.work import Job, carry_out
from blueprints.digest import digest
from blueprints.plan import PlannedFeature
from blueprints.schema import Role
from ledger.report import StepStatus
from tasks.building import worker_job
from tasks.rungs import Junction, Step, merged
from validators.change import Work
from validators.fitting import Opinion
from workspaces import git
from workspaces.worktree import Workspace


def integrated(junction: Junction) -> Step:
    """The integrator's merge, which knows both specifications, both changes and the conflict."""
    outcome = carry_out(junction.mission, _resolve(junction))
    if outcome.commit is None:
        return Step(outcome.status, reason=outcome.reason)
    return Step(StepStatus.DONE, _between(junction, outcome.commit))


def rebuilt(junction: Junction) -> Step:
    """The feature built anew by a worker, on top of what it conflicts with."""
    outcome = carry_out(junction.mission, _rebuild(junction))
    if outcome.commit is None:
        return Step(outcome.status, reason=outcome.reason)
    ours, tree = junction.fitting.ours, git.tree_of(junction.mission.root, outcome.commit)
    commit = git.commit_tree(junction.mission.root, tree, [ours, outcome.commit], junction.message)
    return Step(StepStatus.DONE, commit, built=outcome.commit)


def was_rebuilt(junction: Junction) -> bool:
    """Whether a worker has built it anew already: then nobody is asked about the conflict any more."""
    return junction.mission.ledger.recorded(_rebuild(junction).key) is not None


def opponents(junction: Junction) -> list[str]:
    """The merged features that changed what is in conflict; all of them, when that cannot be told."""
    root, others = junction.mission.root, junction.fitting.merged
    base = git.merge_base(root, *junction.sides) or git.EMPTY_TREE
    paths = set(junction.conflict.paths)
    return [name for name, commit in others.items() if paths & set(git.changed_paths(root, base, commit))] or [*others]


def _resolve(junction: Junction) -> Job:
    """The key names trees, not commits: the same conflict met again is not resolved again."""
    mission, fitting, conflict = junction.mission, junction.fitting, junction.conflict
    plan, feature = mission.plan, mission.plan.feature(fitting.feature)
    agent = plan.role(Role.INTEGRATOR)
    profile, told = plan.agent(agent), plan.blueprint.instructions.get(Role.INTEGRATOR)
    trees = [git.tree_of(mission.root, commit) for commit in junction.sides]
    asked = [feature.asks, [plan.feature(name).asks for name in opponents(junction)]]
    checks = [check.key for check in fitting.checks]
    return Job(
        assignment=Assignment.of(
            mission,
            Role.INTEGRATOR,
            fitting.milestone.name,
            fitting.ours,
            feature.title,
            feature=feature.id,
            spec=feature.spec,
            assertions=feature.assertions,
            touches=feature.touches,
            failures=[*(f"conflict in `{path}`" for path in conflict.paths), *conflict.messages],
            instructions=_other_side(junction),
            diff=_changes(junction),
        ),
        agent=agent,
        timeout=profile.timeout,
        retries=profile.retries,
        key=digest("resolve", trees, profile.shape(), told, plan.blueprint.setup, asked, checks),
        judge=_fitting(junction, resolved_merge(*junction.sides, junction.message), rebuilt=False),
        merging=fitting.theirs,
    )


def _other_side(junction: Junction) -> str:
    """What the features that are there already were to do."""
    features = [junction.mission.plan.feature(name) for name in opponents(junction)]
    return "\n\n".join(map(_specification, features))


def _specification(feature: PlannedFeature) -> str:
    claims = "".join(f"\n- `{name}` {says}" for name, says in feature.assertions.items())
    return f"It meets `{feature.id}`, {feature.title}, which must hold afterwards too:\n\n{feature.spec}{claims}"


def _changes(junction: Junction) -> str:
    """Both sides' own changes, each as far as there is room."""
    mission, fitting = junction.mission, junction.fitting
    base = git.merge_base(mission.root, *junction.sides) or git.EMPTY_TREE
    commits = {name: fitting.merged[name] for name in opponents(junction)} | {fitting.feature: fitting.theirs}
    return "\n\n".join(f"# {name}\n\n{Work(mission, name, commit, base).own()}" for name, commit in commits.items())


def _rebuild(junction: Junction) -> Job:
    """Told what it met; its key names both trees and the conflict, so that it is built anew once."""
    mission, fitting = junction.mission, junction.fitting
    feature = mission.plan.feature(fitting.feature)
    others = ", ".join(f"`{name}`" for name in opponents(junction)) or "what was there"
    paths = ", ".join(f"`{path}`" for path in junction.conflict.paths)
    told = (
        f"The commit {fitting.theirs[:12]} made for this before conflicts with {others} in {paths}, and nobody could "
        "bring them together. Build it anew on what is here, and keep what is here working."
    )
    job = worker_job(mission, fitting.milestone.name, feature, fitting.ours, [told])
    trees = [git.tree_of(mission.root, commit) for commit in junction.sides]
    key = digest("rebuild", job.key, trees, junction.conflict.paths, [check.key for check in fitting.checks])
    return replace(job, key=key, judge=_fitting(junction, job.judge, rebuilt=True))


def _fitting(junction: Junction, judge: Judge, *, rebuilt: bool) -> Judge:
    """What the judge lets pass, if both sides' checks do too."""

    def fit(workspace: Workspace, handoff: Handoff | None) -> str:
        commit = judge(workspace, handoff)
        opinion = _opinion(junction, commit, rebuilt=rebuilt)
        if junction.mission.stop.is_set():
            raise NotProvedError("the mission was stopped", StepStatus.STOPPED)
        if opinion.objection:
            raise NotProvedError(f"it does not fit: {opinion.objection}")
        return commit

    return fit


def _opinion(junction: Junction, commit: str, *, rebuilt: bool) -> Opinion:
    return junction.fitting.of_rebuilt(commit) if rebuilt else junction.fitting.tried_out([commit])[commit]


def _between(junction: Junction, commit: str) -> str:
    """The resolution as a merge of exactly these two, also when it was found between two others."""
    root = junction.mission.root
    return commit if git.parents_of(root, commit) == [*junction.sides] else merged(junction, git.tree_of(root, commit))
