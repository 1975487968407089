from __future__ import annotations

import pytest

from blueprints.schema import Role
from ledger.events import Kind
from tests.accepted import NewMission
from workspaces.mission import session_name


def test_names_in_git_carry_the_run(new_mission: NewMission) -> None:
    mission = new_mission()
    names = (mission.branch, mission.work_branch("a.1"), mission.archive_ref("a.1"))
    assert names == (f"mission/{mission.run}", f"missions/{mission.run}/a.1", f"refs/missions/{mission.run}/a.1")


def test_two_missions_on_one_repository_have_no_name_in_common(new_mission: NewMission) -> None:
    one, two = new_mission(), new_mission()
    assert one.branch != two.branch
    assert one.archive_ref("a.1") != two.archive_ref("a.1")


@pytest.mark.parametrize(
    ("role", "name"), [(Role.WORKER, "a"), (Role.INTEGRATOR, "integrator.a"), (Role.REPAIRER, "repairer.a")]
)
def test_a_session_is_named_by_role(role: Role, name: str) -> None:
    assert session_name(role, "a") == name


def test_attempts_so_far_are_those_of_the_same_session(new_mission: NewMission) -> None:
    mission = new_mission()
    for session in ("a.1", "a.2", "integrator.a.1", "b.1"):
        mission.ledger.append(Kind.WORKER_STARTED, workerSessionId=session)
    assert [mission.runs_so_far(name) for name in ("a", "integrator.a", "b", "c")] == [2, 1, 1, 0]


@pytest.mark.parametrize("why", ["stop", "drain"])
def test_a_stopped_or_draining_mission_is_halted(new_mission: NewMission, why: str) -> None:
    mission = new_mission()
    assert not mission.halted
    getattr(mission, why).set()
    assert mission.halted
