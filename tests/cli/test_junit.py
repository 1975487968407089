"""JUnit XML of a contract: what is not proved is never green."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, parse

from cli.junit import write_junit
from ledger.events import Kind
from tests.ledger.story import Story, plan


def cases(tmp_path: Path, story: Story) -> dict[str, Element]:
    write_junit(tmp_path / "junit.xml", plan(), story.report())
    suite = parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    found = {f"{case.get('classname')} {str(case.get('name')).partition(':')[0]}": case for case in suite}
    counted = {kind: str(len(suite.findall(f"testcase/{kind}"))) for kind in ("failure", "error")}
    assert {"failure": suite.get("failures"), "error": suite.get("errors")} == counted
    assert suite.find("testcase/skipped") is None
    return found


def test_a_failed_assertion_is_a_failure_with_commit_reason_seconds_and_evidence(tmp_path: Path) -> None:
    case = cases(tmp_path, Story().built().validated(1, "c0ffee", VAL_A_001="failed"))["contract VAL-A-001"]
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("message"), case.get("time")) == ("exit code 1", "0.500")
    told = case.findtext("system-out", "")
    assert "failed on c0ffee" in told
    assert "evidence: evidence/one/output.log" in told


def test_what_is_inconclusive_or_judged_by_nobody_is_an_error(tmp_path: Path) -> None:
    inconclusive = cases(tmp_path, Story().built().validated(1, "c", VAL_A_001="inconclusive"))
    unproved = cases(tmp_path, Story().begun())
    for case in (inconclusive["contract VAL-A-001"], unproved["contract VAL-A-001"], unproved["two validator-1"]):
        assert case.find("error") is not None


def test_a_pass_on_a_commit_that_is_not_the_last_one_judged_is_an_error(tmp_path: Path) -> None:
    story = Story().built().validated(1, "old", VAL_A_001="passed").validated(2, "new", validator="passed")
    error = cases(tmp_path, story)["contract VAL-A-001"].find("error")
    assert error is not None
    assert error.get("message") == "passed on old, and was not proved on new yet"


def test_a_mission_that_has_not_passed_is_no_green_suite(tmp_path: Path) -> None:
    good = Story().built().validated(1, "c", VAL_A_001="passed")
    paused = cases(tmp_path, good.tell(Kind.MISSION_PAUSED, reason="later"))["mission demo-20250101-aaaaaa"]
    assert paused.find("error") is not None
    failed = good.tell(Kind.MISSION_FAILED, reason="bell \x07 and \ud800")
    failure = cases(tmp_path, failed)["mission demo-20250101-aaaaaa"].find("failure")
    assert failure is not None
    assert failure.get("message") == "bell � and �"


def test_a_mission_that_has_passed_has_neither_failures_nor_errors(tmp_path: Path) -> None:
    story = Story().built().validated(1, "c", VAL_A_001="passed")
    passed = cases(tmp_path, story.tell(Kind.MISSION_COMPLETED, commit="c", branch="mission/x"))
    assert len(passed["contract VAL-A-001"]) == 1
    assert len(passed["mission demo-20250101-aaaaaa"]) == 0
