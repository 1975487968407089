"""One targeted repair of what validation found."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from agents.base import Assignment
from agents.judges import new_commit
from agents.outcome import Outcome
from agents.work import Job, carry_out
from blueprints.digest import digest
from blueprints.schema import Role
from ledger.events import Kind
from tasks.active import mission_of
from validators.base import Verdict
from workspaces import git
from workspaces.mission import Mission


@task(name="repair", task_run_name="repair {milestone}")
def repair_task(run: str, milestone: str, commit: str, failing: list[Verdict]) -> Outcome | State[Outcome]:
    """A new commit on top of `commit`, by the repairer, who gets exactly the failing verdicts."""
    mission = mission_of(run)
    job = _job(mission, milestone, commit, failing)
    if not mission.ledger.recorded(job.key):
        ids = [verdict.id for verdict in failing]
        mission.ledger.append(Kind.REPAIR_STARTED, milestone=milestone, commit=commit, failing=ids)
    outcome = carry_out(mission, job)
    return outcome if outcome.done else Failed(message=outcome.reason, data=outcome)


def _job(mission: Mission, milestone: str, commit: str, failing: list[Verdict]) -> Job:
    plan = mission.plan
    agent = plan.role(Role.REPAIRER)
    profile = plan.agent(agent)
    findings = sorted(verdict.id for verdict in failing)
    return Job(
        assignment=Assignment.of(
            mission,
            Role.REPAIRER,
            milestone,
            commit,
            f"Repair {milestone}",
            assertions={v.id: v.says for v in failing if v.id in plan.blueprint.contract},
            failures=[_told(verdict) for verdict in failing],
        ),
        agent=agent,
        timeout=profile.timeout,
        retries=profile.retries,
        key=digest("repair", git.tree_of(mission.root, commit), findings, profile.shape()),
        judge=new_commit(commit, f"Repair {milestone}: {', '.join(verdict.id for verdict in failing)}"),
    )


def _told(verdict: Verdict) -> str:
    return f"`{verdict.id}` is {verdict.status} ({verdict.says}). Command: `{verdict.command}`. {verdict.reason}"
