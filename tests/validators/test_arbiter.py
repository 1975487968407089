"""Flakes, the base, and tests that vanish."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Data
from validators.base import Verdict
from validators.suite import Suite
from validators.witness import witness
from workspaces import git
from workspaces.mission import Mission

Commit = Callable[..., str]
TODAY = datetime.now(UTC).date()

REPORT = """python3 - <<'END'
import json
results = json.load(open("results.json"))
endings = {"passed": "", "failure": "<failure/>", "skipped": "<skipped/>"}
cases = "".join(f"<testcase classname='t' name='{n}'>{endings[r]}</testcase>" for n, r in results.items())
open("junit.xml", "w").write(f"<testsuite>{cases}</testsuite>")
END
! grep -q failure results.json
"""
"""A test runner: `results.json` says how each test ends."""


def mission_with(new_mission: NewMission, check: Data, **more: object) -> Mission:
    milestone = {"name": "one", "features": [{"id": "a", "spec": "Do a."}], "validate": [check]}
    return new_mission({"validators": [], "milestones": [milestone], **more})


def judged(mission: Mission, commit: str) -> Verdict:
    [verdict] = Suite(mission, mission.plan.milestones[0], mission.repository.base, commit, 1, {}).run()
    return verdict


def by_turns(folder: Path, *endings: int) -> Data:
    """A check that ends by turns with these exit codes, for the rounds of validation; on the base it passes."""
    turn = f"echo x >> {folder}/runs; n=$(wc -l < {folder}/runs)"
    cases = " ".join(f"{n}) exit {code};;" for n, code in enumerate(endings, 1))
    return {
        "kind": "command",
        "run": f"case $MISSION_EVIDENCE in */base) exit 0; esac; {turn}; case $n in {cases} esac",
    }


def junit(**more: object) -> Data:
    return {"kind": "junit", "run": REPORT, "junit": "junit.xml", **more}


@pytest.fixture
def results(repo: Path, commit: Commit) -> Callable[..., str]:
    """`results(a="passed")`: a commit with these results, on top of `main`."""

    def make(*, on_main: bool = False, **found: str) -> str:
        files = {"results.json": json.dumps(found)}
        return commit(repo, files) if on_main else commit(repo, files, on=git.head(repo))

    return make


def test_a_failing_check_is_run_again_as_often_as_declared(
    new_mission: NewMission, tmp_path: Path, repo: Path, commit: Commit
) -> None:
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 1, 1), reruns=2)
    verdict = judged(mission, commit(repo, {"a.txt": "two\n"}, on=git.head(repo)))
    assert (verdict.status, verdict.runs) == ("failed", ["failed"] * 3)


def test_mixed_results_are_flaky_and_no_pass(new_mission: NewMission, tmp_path: Path) -> None:
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 0, 1, 0), reruns=3)
    verdict = judged(mission, mission.repository.base)
    assert (verdict.status, verdict.flaky) == ("inconclusive", True)
    assert verdict.reason.startswith("flaky: 2 of 4 runs passed; exit code 1")


def test_a_check_that_passes_is_not_run_again(new_mission: NewMission, tmp_path: Path) -> None:
    mission = mission_with(new_mission, by_turns(tmp_path, 0, 1), reruns=3)
    assert judged(mission, mission.repository.base).runs == ["passed"]


def test_every_run_keeps_its_evidence(new_mission: NewMission, tmp_path: Path) -> None:
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 0), reruns=1)
    evidence = judged(mission, mission.repository.base).evidence
    assert [path.partition("round-1/")[2] for path in evidence] == ["output.log", "run-2/output.log"]


@pytest.mark.parametrize("name", ["validate-1", "by turns"])
def test_a_quarantined_flake_passes_until_its_day(new_mission: NewMission, tmp_path: Path, name: str) -> None:
    entry = {"until": str(TODAY + timedelta(days=1)), "because": "issue 12"}
    check = by_turns(tmp_path, 1, 0) | {"name": "by turns"}
    mission = mission_with(new_mission, check, quarantine={name: entry})
    verdict = judged(mission, mission.repository.base)
    assert (verdict.status, verdict.quarantined) == ("passed", entry["until"])
    assert verdict.reason == f"flaky: 1 of 2 runs passed; quarantined until {entry['until']}: issue 12"
    [event] = [e for e in mission.ledger.events if e.kind is Kind.VERDICT_RECORDED]
    assert "key" not in event.data  # it is looked at again: the day may pass


def test_a_quarantine_that_has_ended_lets_nothing_pass(new_mission: NewMission, tmp_path: Path) -> None:
    entry = {"until": str(TODAY - timedelta(days=1)), "because": "issue 12"}
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 0), quarantine={"validate-1": entry})
    verdict = judged(mission, mission.repository.base)
    assert verdict.status == "inconclusive"
    assert f"its quarantine ended on {entry['until']}" in verdict.reason


def test_a_quarantine_does_not_let_a_failure_pass(new_mission: NewMission, tmp_path: Path) -> None:
    entry = {"until": str(TODAY + timedelta(days=1)), "because": "issue 12"}
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 1), quarantine={"validate-1": entry})
    assert judged(mission, mission.repository.base).status == "failed"


def test_pre_existing_is_what_fails_on_the_base_too(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    tip = commit(repo, {"b.txt": "new\n"}, on=git.head(repo))
    verdict = judged(mission_with(new_mission, {"kind": "command", "run": "grep -q two a.txt"}), tip)
    assert (verdict.status, verdict.pre_existing) == ("failed", True)
    assert verdict.reason.startswith("pre-existing: it fails on the milestone's base")


def test_what_passes_on_the_base_is_not_pre_existing(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    tip = commit(repo, {"a.txt": "new\n"}, on=git.head(repo))
    verdict = judged(mission_with(new_mission, {"kind": "command", "run": "grep -q one a.txt"}), tip)
    assert (verdict.status, verdict.pre_existing) == ("failed", False)


def test_failures_of_the_base_may_be_allowed(new_mission: NewMission, results: Callable[..., str]) -> None:
    results(old="failure", good="passed", on_main=True)
    mission = mission_with(new_mission, junit(allowPreExisting=True), reruns=0)
    verdict = judged(mission, results(old="failure", good="passed", new="passed"))
    assert (verdict.status, verdict.pre_existing) == ("passed", True)
    assert "and no other does: t::old" in verdict.reason


def test_a_new_failure_beside_old_ones_fails(new_mission: NewMission, results: Callable[..., str]) -> None:
    results(old="failure", good="passed", on_main=True)
    mission = mission_with(new_mission, junit(allowPreExisting=True), reruns=0)
    verdict = judged(mission, results(old="failure", good="failure"))
    assert (verdict.status, verdict.pre_existing) == ("failed", False)
    assert verdict.reason.endswith("(new: t::good)")


@pytest.mark.parametrize("now", [{"kept": "passed"}, {"kept": "passed", "gone": "skipped"}])
def test_a_test_that_is_deleted_or_skipped_is_missed(
    new_mission: NewMission, results: Callable[..., str], now: dict[str, str]
) -> None:
    results(kept="passed", gone="passed", on_main=True)
    verdict = judged(mission_with(new_mission, junit()), results(**now))
    assert verdict.status == "inconclusive"
    assert verdict.reason == "1 tests that passed on the base did not run now: t::gone"


def test_a_test_may_be_retired(new_mission: NewMission, results: Callable[..., str]) -> None:
    results(kept="passed", gone="passed", on_main=True)
    assert judged(mission_with(new_mission, junit(retired=["t::g*"])), results(kept="passed")).passed


def test_a_test_that_failed_on_the_base_is_not_missed(new_mission: NewMission, results: Callable[..., str]) -> None:
    results(kept="passed", broken="failure", on_main=True)
    assert judged(mission_with(new_mission, junit()), results(kept="passed")).passed


def test_a_pass_without_its_evidence_is_inconclusive(new_mission: NewMission) -> None:
    check = {"kind": "command", "run": "touch $MISSION_EVIDENCE/table.csv"}
    assertion = {"says": "There is a table.", "check": check, "evidence": ["*.csv", "*.png"]}
    feature = {"id": "a", "spec": "Do a.", "fulfills": ["VAL-A-001"]}
    milestones = [{"name": "one", "features": [feature]}]
    mission = new_mission({"validators": [], "contract": {"VAL-A-001": assertion}, "milestones": milestones})
    verdict = judged(mission, mission.repository.base)
    assert (verdict.status, verdict.reason) == ("inconclusive", "it left no evidence *.png in $MISSION_EVIDENCE")


def test_a_run_that_says_nothing_makes_no_flake(new_mission: NewMission, tmp_path: Path) -> None:
    entry = {"until": str(TODAY + timedelta(days=1)), "because": "issue 12"}
    mission = mission_with(new_mission, by_turns(tmp_path, 1, 127), quarantine={"validate-1": entry})
    verdict = judged(mission, mission.repository.base)
    assert (verdict.status, verdict.quarantined) == ("failed", None)


@pytest.mark.parametrize("harm", ["rm", "echo '{}' >"])
def test_results_that_somebody_changed_prove_nothing(
    new_mission: NewMission, results: Callable[..., str], harm: str
) -> None:
    results(kept="passed", gone="passed", on_main=True)
    line = f"{harm} $MISSION_EVIDENCE/../base/tests.json 2>/dev/null || true"
    cheat = junit() | {"run": f"{REPORT}\n{line}"}
    mission = mission_with(new_mission, cheat)
    planned, base = mission.plan.milestones[0].checks[0], mission.repository.base
    witness(mission, planned, "one", base)
    verdict = judged(mission, results(kept="passed"))
    assert verdict.status == "inconclusive"
    assert "not as it was recorded" in verdict.reason


def test_a_pass_tells_when_the_tests_of_the_base_are_not_known(
    new_mission: NewMission, results: Callable[..., str]
) -> None:
    check = junit() | {"run": "test -e results.json\n" + REPORT}
    mission = mission_with(new_mission, check)
    verdict = judged(mission, results(a="passed"))
    assert verdict.passed
    assert "which tests passed on the base is not known" in verdict.reason


def test_what_failed_on_the_base_and_is_let_pass_is_no_finished_step(
    new_mission: NewMission, results: Callable[..., str]
) -> None:
    results(old="failure", good="passed", on_main=True)
    mission = mission_with(new_mission, junit(allowPreExisting=True), reruns=0)
    judged(mission, results(old="failure", good="passed", new="passed"))
    [event] = [e for e in mission.ledger.events if e.kind is Kind.VERDICT_RECORDED]
    assert "key" not in event.data
