"""What a feature's worker is asked for, and what proves that it was done."""

from __future__ import annotations

from collections.abc import Sequence

from agents.base import Assignment
from agents.handoff import Handoff
from agents.judges import new_commit
from agents.outcome import Judge, NotProvedError
from agents.skills import find_skill
from agents.work import Job
from blueprints.digest import digest
from blueprints.plan import PlannedFeature
from blueprints.schema import Role
from ledger.report import StepStatus
from validators import added_tests
from workspaces import git
from workspaces.mission import Mission
from workspaces.worktree import Workspace


def worker_job(
    mission: Mission, milestone: str, feature: PlannedFeature, base: str, failures: Sequence[str] = ()
) -> Job:
    """The feature, on top of `base`; `failures` are what was wrong with it before."""
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
            failures=list(failures),
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
