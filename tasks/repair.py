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
from tasks.blame import Blame
from tasks.parking import may_park
from validators.base import Verdict
from workspaces import git
from workspaces.findings import ENGINE, Finding, blocking_findings, open_findings, resolve
from workspaces.mission import Mission


@task(name="repair", task_run_name="repair {milestone}")
@may_park
def repair_task(run: str, milestone: str, commit: str, failing: list[Verdict]) -> Outcome | State[Outcome]:
    """A new commit on top of `commit`, by the repairer: exactly the failing verdicts and the blocking findings."""
    mission = mission_of(run)
    blocking = blocking_findings(mission, milestone)
    job = _job(mission, milestone, commit, failing, blocking)
    if not mission.ledger.recorded(job.key):
        ids = [verdict.id for verdict in failing]
        facts = {"commit": commit, "failing": ids, "findings": [finding.id for finding in blocking]}
        mission.ledger.append(Kind.REPAIR_STARTED, milestone=milestone, **facts)
    outcome = carry_out(mission, job)
    return outcome if outcome.done else Failed(message=outcome.reason, data=outcome)


def settle_repaired(mission: Mission, milestone: str, commit: str) -> None:
    """With every check green, what agents reported and a repair was made for counts as fixed in `commit`.

    What a review or the engine itself found is settled only by looking again.
    """
    repairs = [
        e.data for e in mission.ledger.events if e.kind is Kind.REPAIR_STARTED and e.data["milestone"] == milestone
    ]
    made = [r for r in repairs if r["commit"] != commit and git.is_ancestor(mission.root, r["commit"], commit)]
    given = {identifier for repair in made for identifier in repair.get("findings", [])}
    looked_at_again = {ENGINE, *(check.id for check in mission.plan.milestone(milestone).checks)}
    for finding in open_findings(mission, milestone):
        if finding.id in given and finding.source not in looked_at_again:
            resolve(mission, finding, "fixed", commit=commit, proof="repaired; no check is about it alone")


def _job(mission: Mission, milestone: str, commit: str, failing: list[Verdict], blocking: list[Finding]) -> Job:
    plan = mission.plan
    agent = plan.role(Role.REPAIRER)
    profile, told = plan.agent(agent), plan.blueprint.instructions.get(Role.REPAIRER)
    names = sorted([*(verdict.id for verdict in failing), *(finding.id for finding in blocking)])
    keys = {check.id: check.key for check in plan.milestone(milestone).checks}
    about = [[keys.get(verdict.id), verdict.says] for verdict in sorted(failing, key=lambda each: each.id)]
    blame = Blame.of(mission, milestone, commit, failing)
    asked = [names, about, *blame.shape()]
    return Job(
        assignment=Assignment.of(
            mission,
            Role.REPAIRER,
            milestone,
            commit,
            f"Repair {milestone}",
            assertions={v.id: v.says for v in failing if v.id in plan.blueprint.contract},
            failures=[*(_told(mission, verdict) for verdict in failing), *map(_told_of, blocking), *blame.told()],
        ),
        agent=agent,
        timeout=profile.timeout,
        retries=profile.retries,
        key=digest("repair", git.tree_of(mission.root, commit), asked, profile.shape(), told, plan.blueprint.setup),
        judge=new_commit(commit, f"Repair {milestone}: {', '.join(names)}"),
    )


def _told(mission: Mission, verdict: Verdict) -> str:
    about = f"`{verdict.id}` is {verdict.status} ({verdict.says}). Check: `{verdict.command}`. {verdict.reason}"
    folder = mission.folder.path / verdict.seen
    return f"{about} Evidence: `{folder}`" if verdict.evidence else about


def _told_of(finding: Finding) -> str:
    where = f" in `{finding.file}`" if finding.file else ""
    fix = f" Suggested: {finding.suggested_fix}" if finding.suggested_fix else ""
    return f"Blocking finding `{finding.id}`{where}: {finding.description}{fix}"
