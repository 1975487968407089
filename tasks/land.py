"""`poc` mode: a proved milestone moves the base branch, merged and proved again where that has moved on."""

from __future__ import annotations

from prefect import State, task
from prefect.states import Failed

from ledger.events import Kind
from tasks.active import mission_of
from tasks.parking import may_park
from validators.base import Verdict
from validators.landing import Landed, Landing, Refused
from workspaces.mission import Mission


@task(name="land", task_run_name="land {milestone}")
@may_park
def land_task(run: str, milestone: str, commit: str, verdicts: list[Verdict]) -> Landed | State[Refused]:
    """`verdicts` are what `commit` has passed. A refusal is a failed task, and nothing has moved."""
    mission = mission_of(run)
    outcome = Landing(mission, milestone, commit, verdicts).land()
    if isinstance(outcome, Refused):
        refused = outcome.model_copy(update={"reason": _told(mission, outcome)})
        return Failed(message=refused.reason, data=refused)
    _note(mission, milestone, outcome)
    return outcome


def _told(mission: Mission, refused: Refused) -> str:
    branch = mission.repository.base_branch
    return f"landing on {branch} refused: {refused.reason}; the work is on {mission.branch}"


def _note(mission: Mission, milestone: str, landed: Landed) -> None:
    """Once, however often the landing is repeated."""
    facts = {"milestone": milestone, "branch": landed.branch, "commit": landed.commit}
    if facts not in [event.data for event in mission.ledger.events if event.kind is Kind.MILESTONE_LANDED]:
        mission.ledger.append(Kind.MILESTONE_LANDED, **facts)
