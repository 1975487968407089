"""Missions that wait in Prefect, with no process of their own, and what is done about them here and there."""

from __future__ import annotations

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.deployment import deployed
from tests.flows.stage import feature, milestone, until, workers, write

BLUEPRINT: Data = {
    "planApproval": {"within": "1h", "otherwise": "reject"},
    "milestones": [milestone("one", feature("a"))],
}


def test_whoever_ends_a_waiting_mission_ends_it_here_and_in_prefect(new_missions: NewMissions) -> None:
    """By default in time, by `mission cancel`, by Prefect's button; and what Prefect has forgotten goes on here.

    Of the button hears whoever looks next: somebody with a decision, or the alarm.
    """
    hosting = deployed(new_missions())
    missions = hosting.missions
    with hosting.worker():
        late = hosting.begin({**BLUEPRINT, "planApproval": {"within": "1s", "otherwise": "reject"}}, workers())
        waits = hosting.deploy_again(missions.blueprint(BLUEPRINT, workers(a=[write("a")])))
        cancelled, stopped, rung, forgotten = (waits(f"demo-20260101-00000{n}") for n in "abcd")
        late.wait_for_state("CANCELLED", "Cancelled")
        for run in (cancelled, stopped, rung, forgotten):
            run.wait_for_state("PAUSED", "Suspended")
        for run in (stopped, rung):
            run.ask("POST", "/set_state", {"state": {"type": "CANCELLING"}})
        rung.ring()
        until(lambda: rung.events("mission_cancelled", by="Prefect"))
        until(lambda: [alarm["state"]["type"] for alarm in late.alarms()] == ["COMPLETED"])
    [decision] = late.events("plan_rejected")
    assert (decision["by"], decision["note"]) == ("the time-out of 1s", "nobody decided within 1s")
    assert late.ask("GET")["state"]["message"] == "plan rejected: nobody decided within 1s"

    assert missions("cancel", cancelled.name).stdout == f"{cancelled.name}: cancelled\n"
    assert cancelled.state() == ("CANCELLED", "Cancelled")
    assert {alarm["state"]["type"] for alarm in cancelled.alarms()} == {"CANCELLED"}

    said = missions("approve", stopped.name)
    assert (said.returncode, said.stderr) == (4, f"{stopped.name} was cancelled in Prefect; start a new run\n")
    assert (stopped.report()["status"], stopped.report()["reason"]) == ("cancelled", "cancelled by Prefect")

    forgotten.forget()
    said = missions("approve", forgotten.name)
    assert said.stdout.endswith(f"go on with `mission resume {forgotten.name}`\n"), said.stderr
    assert missions("resume", forgotten.name).returncode == 0
    assert (forgotten.report()["status"], forgotten.lives()) == ("passed", 2)
