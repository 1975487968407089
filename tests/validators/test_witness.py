"""What checks say before the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Data
from validators.suite import Suite
from validators.witness import broken, green, witness, witness_all
from workspaces import git
from workspaces.mission import Mission

Commit = Callable[..., str]


def claimed(**assertions: Data) -> Data:
    """A blueprint whose one feature claims these assertions; `VAL_A_001` stands for `VAL-A-001`."""
    contract = {name.replace("_", "-"): {"says": "It holds.", **facts} for name, facts in assertions.items()}
    feature = {"id": "a", "spec": "Do a.", "fulfills": list(contract)}
    return {"validators": [], "contract": contract, "milestones": [{"name": "one", "features": [feature]}]}


def command(line: str) -> Data:
    return {"kind": "command", "run": line}


def seen(mission: Mission) -> tuple[list[str], list[str]]:
    """Assertions that are green and invariants that are broken, before the work."""
    checks = mission.plan.milestones[0].new_checks
    witnesses = witness_all(mission, checks, "one", mission.repository.base)
    return green(checks, witnesses), [w.id for w in broken(checks, witnesses)]


def test_an_assertion_that_passes_already_is_green(new_mission: NewMission) -> None:
    blueprint = claimed(
        VAL_A_001={"check": command("test -e a.txt")},
        VAL_A_002={"check": command("test -e new")},
        VAL_A_003={"check": command("no-such-program")},
    )
    assert seen(new_mission(blueprint)) == (["VAL-A-001"], [])


def test_of_several_checks_one_that_does_not_pass_is_enough(new_mission: NewMission) -> None:
    blueprint = claimed(
        VAL_A_001={"checks": [command("test -e a.txt"), command("test -e new")]},
        VAL_A_002={"checks": [command("test -e a.txt"), command("test -d b")]},
    )
    assert seen(new_mission(blueprint)) == (["VAL-A-002"], [])


def test_an_invariant_must_pass_already(new_mission: NewMission) -> None:
    blueprint = claimed(
        VAL_A_001={"invariant": True, "check": command("test -e a.txt")},
        VAL_A_002={"invariant": True, "check": command("test -e new")},
    )
    assert seen(new_mission(blueprint)) == ([], ["VAL-A-002"])


def test_it_is_recorded_whatever_it_is_and_not_looked_at_again(new_mission: NewMission, tmp_path: Path) -> None:
    blueprint = claimed(VAL_A_001={"check": command(f"echo x >> {tmp_path}/runs; exit 1")})
    mission = new_mission(blueprint)
    [planned] = mission.plan.milestones[0].new_checks
    first, second = (witness(mission, planned, "one", mission.repository.base) for _ in range(2))
    assert first == second
    assert (tmp_path / "runs").read_text() == "x\n"
    [event] = [e for e in mission.ledger.events if e.kind is Kind.CHECK_WITNESSED]
    assert (event.data["assertion"], event.data["status"], event.data["since"]) == ("VAL-A-001", "failed", "one")


def test_a_verdict_on_the_base_is_its_witness(new_mission: NewMission, tmp_path: Path) -> None:
    mission = new_mission(claimed(VAL_A_001={"check": command(f"echo x >> {tmp_path}/runs")}))
    milestone, base = mission.plan.milestones[0], mission.repository.base
    Suite(mission, milestone, base, base, 1, {}).run()
    assert witness(mission, milestone.checks[0], "two", base).status == "passed"
    assert (tmp_path / "runs").read_text() == "x\n"


def test_each_base_has_its_own(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    mission = new_mission(claimed(VAL_A_001={"check": command("test -e new")}))
    [planned] = mission.plan.milestones[0].new_checks
    later = commit(repo, {"new": "new\n"}, on=git.head(repo))
    statuses = [witness(mission, planned, "one", base).status for base in (mission.repository.base, later)]
    assert statuses == ["failed", "passed"]


def test_a_look_that_was_stopped_is_not_recorded(new_mission: NewMission) -> None:
    mission = new_mission(claimed(VAL_A_001={"check": command("sleep 1000")}))
    mission.stop.set()
    assert seen(mission) == ([], [])
    assert not [e for e in mission.ledger.events if e.kind is Kind.CHECK_WITNESSED]


def test_what_was_inconclusive_is_looked_at_again_in_the_next_life(new_mission: NewMission, tmp_path: Path) -> None:
    line = f"test -e {tmp_path}/installed || no-such-tool"
    mission = new_mission(claimed(VAL_A_001={"check": command(line)}))
    assert seen(mission) == ([], [])
    (tmp_path / "installed").touch()
    assert seen(mission) == ([], [])
    mission.ledger.append(Kind.MISSION_RUN_STARTED)
    assert seen(mission) == (["VAL-A-001"], [])
