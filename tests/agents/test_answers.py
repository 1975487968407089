"""What judging agents may say, and what of it contradicts itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.answers import Review, UserTest
from agents.handoff import parsed

ISSUE = {"severity": "suggestion", "description": "Odd.", "file": "src/x.py", "line": 3, "suggestedFix": "Mend it."}
PASS: dict[str, Any] = {"status": "pass", "summary": "It does what it says.", "issues": []}
TESTED = {
    "id": "VAL-A-001",
    "status": "pass",
    "steps": [{"action": "open", "expected": "a page", "observed": "a page"}],
}
TEST: dict[str, Any] = {"summary": "It works.", "assertions": [TESTED]}


def review(**changes: Any) -> Review:
    return parsed(json.dumps(PASS | changes).encode(), Review, called="answer")


def user_test(*assertions: dict[str, Any], **changes: Any) -> UserTest:
    return parsed(json.dumps(TEST | {"assertions": assertions} | changes).encode(), UserTest, called="answer")


def test_a_review_is_read() -> None:
    [issue] = review(issues=[ISSUE]).issues
    assert (issue.severity, issue.file, issue.line, issue.suggested_fix) == ("suggestion", "src/x.py", 3, "Mend it.")


def test_null_is_what_was_left_out() -> None:
    [issue] = review(issues=[ISSUE | {"file": None, "line": None, "suggestedFix": None}]).issues
    assert issue.model_dump(mode="json") == {"severity": "suggestion", "description": "Odd.", "suggestedFix": ""}


@pytest.mark.parametrize("missing", list(PASS))
def test_a_review_without_one_of_its_keys_is_malformed(missing: str) -> None:
    text = json.dumps({key: value for key, value in PASS.items() if key != missing})
    with pytest.raises(ValueError, match=f"malformed answer: {missing}: Field required"):
        parsed(text.encode(), Review, called="answer")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"status": "passed"}, "status"),
        ({"summary": ""}, "summary"),
        ({"issues": "none"}, "issues"),
        ({"issues": [ISSUE | {"severity": "major"}]}, "issues.0.severity"),
        ({"issues": [ISSUE | {"description": ""}]}, "issues.0.description"),
        ({"issues": [ISSUE | {"line": "12-14"}]}, "issues.0.line"),
    ],
    ids=["status", "summary", "issues", "severity", "description", "line"],
)
def test_the_mistake_in_a_review_is_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValueError, match=f"^malformed answer: {where}: "):
        review(**changes)


def test_a_pass_with_a_blocking_issue_contradicts_itself() -> None:
    assert "status pass with a blocking issue: Odd." in review(issues=[ISSUE | {"severity": "blocking"}]).contradiction


def test_a_failure_without_a_blocking_issue_contradicts_itself() -> None:
    assert "status fail without a blocking issue" in review(status="fail", issues=[ISSUE]).contradiction


@pytest.mark.parametrize(
    ("status", "severity"), [("pass", "suggestion"), ("pass", "non_blocking"), ("fail", "blocking")]
)
def test_a_review_whose_status_fits_its_issues_does_not(status: str, severity: str) -> None:
    assert review(status=status, issues=[ISSUE | {"severity": severity}]).contradiction == ""


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (None, []),
        ("", []),
        ("Slow.", ["Slow."]),
        (["Slow.", {"severity": "blocking", "description": "Ugly."}], ["Slow.", "Ugly."]),
    ],
    ids=["null", "empty", "text", "list"],
)
def test_issues_of_a_user_test_are_texts_or_objects(said: object, understood: list[str]) -> None:
    answer = user_test(TESTED | {"issues": said}, frictions=said)
    assert answer.frictions == answer.assertions[0].issues == understood


@pytest.mark.parametrize("said", [3, [3], [{"text": "Slow."}], {"description": "Slow."}, [""]])
def test_issues_that_say_nothing_are_malformed(said: object) -> None:
    with pytest.raises(ValueError, match="malformed answer: frictions"):
        user_test(TESTED, frictions=said)


def test_an_answer_to_what_was_asked_meets_no_objection() -> None:
    assert user_test(TESTED, TESTED | {"id": "VAL-A-002"}).objection({"VAL-A-001", "VAL-A-002"}) == ""


@pytest.mark.parametrize(
    ("assertions", "why"),
    [
        ([], "it says nothing about VAL-A-001"),
        ([TESTED, TESTED], "it judges VAL-A-001 more than once"),
        ([TESTED, TESTED | {"id": "VAL-B-001"}], "it judges VAL-B-001, which was not asked"),
        ([TESTED | {"steps": []}], "VAL-A-001: it says pass but observed nothing"),
        ([TESTED | {"steps": [{"action": "open", "observed": " "}]}], "VAL-A-001: it says pass but observed nothing"),
        ([TESTED | {"status": "fail", "steps": []}], "VAL-A-001: it says fail but observed nothing"),
    ],
    ids=["missing", "twice", "unknown", "no steps", "nothing seen", "failure unseen"],
)
def test_an_answer_to_something_else_meets_an_objection(assertions: list[dict[str, Any]], why: str) -> None:
    assert user_test(*assertions).objection({"VAL-A-001"}) == why


@pytest.mark.parametrize("status", ["blocked", "skipped"])
def test_what_was_not_tested_needs_no_observation(status: str) -> None:
    assert user_test(TESTED | {"status": status, "steps": []}).objection({"VAL-A-001"}) == ""


def test_an_evidence_file_has_a_name_of_one_line() -> None:
    with pytest.raises(ValueError, match=r"malformed answer: assertions\.0\.evidence\.0"):
        user_test(TESTED | {"evidence": ["a\nb"]})
