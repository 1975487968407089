"""What a mission's result is proved by: verdicts on a commit, one repair, and nothing that only looks like a pass."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Ended,
    check,
    feature,
    git,
    milestone,
    parents,
    play,
    there,
    workers,
    write,
)


def test_every_verdict_of_a_passed_mission_names_its_commit(passed: Ended) -> None:
    verdicts = {m["name"]: [(v["status"], v["commit"]) for v in m["verdicts"]] for m in passed.report()["milestones"]}
    first = passed.milestone("first")["commit"]
    assert verdicts == {"first": [("passed", first)] * 2, "last": [("passed", passed.tip())] * 2}


def test_the_result_is_the_tip_of_the_missions_branch(passed: Ended) -> None:
    report = passed.report()
    assert (passed.code, report["status"], report["branch"]) == (0, "passed", passed.branch)
    assert report["commit"] == passed.tip() == passed.milestone("last")["commit"]
    assert git(passed.repo, "merge-base", report["base"], report["commit"]) == report["base"]
    assert git(passed.repo, "rev-parse", "main") == report["base"]


def test_a_passed_mission_leaves_its_branch_and_references_and_nothing_else(passed: Ended) -> None:
    assert passed.leftovers() == []
    assert git(passed.repo, "branch", "--format=%(refname:short)").split() == ["main", passed.branch]
    assert git(passed.repo, "status", "--porcelain", "--ignored") == ""
    sessions = {f"{name}.1" for name in ("first", "slow", "second", "alone", "joined", "left", "right")}
    assert sessions | {"integrator.right.1"} <= passed.archived().keys()


def test_the_report_is_written_as_json_markdown_and_html(passed: Ended) -> None:
    texts = {suffix: (passed.folder / f"report.{suffix}").read_text() for suffix in ("json", "md", "html")}
    assert json.loads(texts["json"])["run"] == passed.name
    assert all(passed.tip()[:7] in texts[suffix] and passed.name in texts[suffix] for suffix in ("md", "html"))


def test_evidence_of_each_check_is_in_the_run_folder(passed: Ended) -> None:
    evidence = [path for v in passed.milestone("last")["verdicts"] for path in v["evidence"]]
    assert any((passed.folder / path).read_text() == "left\nright\n" for path in evidence)


@pytest.fixture(scope="module")
def repaired(new_missions: NewMissions) -> Ended:
    """A check that fails, and a repairer who puts it right."""
    script = workers(half=[write("half", "half\n")])
    return play(
        new_missions(),
        {"milestones": [milestone("one", feature("half"), checks=[check("cat half; grep -q whole half")])]},
        script | {"repairer": {"one": [[write("half", "whole\n")]]}},
    )


def test_failed_validation_starts_one_repair(repaired: Ended) -> None:
    one = repaired.milestone("one")
    assert (repaired.code, repaired.report()["totals"]["repairs"], one["rounds"]) == (0, 1, 2)
    rounds = [(e["round"], e["status"]) for e in repaired.events("verdict_recorded", id="validate-1")]
    assert rounds == [(1, "failed"), (2, "passed")]


def test_a_repair_works_on_the_integrated_commit_and_everything_is_validated_again(repaired: Ended) -> None:
    [merge] = repaired.milestone("one")["integration"]["merges"]
    assert parents(repaired.repo, repaired.tip()) == [merge["commit"]]
    again = {e["id"]: e["commit"] for e in repaired.events("verdict_recorded", round=2)}
    assert again == dict.fromkeys(("validator-1", "validate-1"), repaired.tip())
    assert repaired.file("half") == "whole"


def test_a_repairer_is_told_what_failed_and_how(repaired: Ended) -> None:
    prompt = (repaired.folder / "transcripts" / "repairer.one.1.prompt.md").read_text()
    assert "`validate-1` is failed" in prompt
    assert "exit code 1: half" in prompt


@pytest.fixture(scope="module")
def hopeless(new_missions: NewMissions) -> Ended:
    """A second milestone whose check fails, also after the repair."""
    script = workers(good=[write("good")], bad=[write("bad")], never=[write("never")])
    return play(
        new_missions(),
        {
            "milestones": [
                milestone("one", feature("good")),
                milestone("two", feature("bad"), checks=[check("echo it is bad; exit 9")]),
                milestone("three", feature("never")),
            ]
        },
        script | {"repairer": {"two": [[write("tried")]]}},
    )


def test_a_check_that_still_fails_after_its_one_repair_ends_the_mission(hopeless: Ended) -> None:
    report = hopeless.report()
    assert (hopeless.code, report["status"], report["totals"]["repairs"]) == (1, "failed", 1)
    assert report["reason"] == (
        "milestone two: not proved: validate-1 failed; the repair changed nothing: validate-1 as in the round before"
    )
    assert [m["status"] for m in report["milestones"]] == ["sealed", "failed", "pending"]
    assert "exit code 9: it is bad" in _verdict(hopeless, "two", "validate-1")["reason"]


def _verdict(run: Ended, milestone: str, name: str) -> Data:
    verdicts: list[Data] = run.milestone(milestone)["verdicts"]
    return next(verdict for verdict in verdicts if verdict["id"] == name)


def test_work_that_was_not_proved_is_not_on_the_missions_branch(hopeless: Ended) -> None:
    assert hopeless.tip() == hopeless.milestone("one")["commit"]
    assert not there(hopeless.repo, f"{hopeless.branch}:bad")
    assert hopeless.file("bad", hopeless.archived()["bad.1"]) == "done"


@pytest.fixture(scope="module")
def unproved(new_missions: NewMissions) -> Ended:
    """A mission without repairs, and checks that observe nothing."""
    checks = [
        check("no-such-program --version", name="missing"),
        check("sleep 600", name="slow", timeout="1s"),
        check("mkdir -p empty && python3 -m unittest discover -s empty", name="no tests"),
        check("cat a; echo 3 skipped in 0.01s", name="all skipped"),
        check("kill -SEGV $$", name="crashed"),
        check("exit 1", name="wrong"),
    ]
    return play(
        new_missions(),
        {"repairs": 0, "milestones": [milestone("one", feature("a"), checks=checks)]},
        workers(a=[write("a")]),
    )


@pytest.mark.parametrize(
    ("says", "status", "reason"),
    [
        ("missing", "inconclusive", "a command was not found (exit code 127)"),
        ("slow", "inconclusive", "still running after its time limit of 1 s"),
        ("no tests", "inconclusive", "unittest ran no test"),
        ("all skipped", "inconclusive", "no test ran"),
        ("crashed", "inconclusive", "signal 11"),
        ("wrong", "failed", "exit code 1"),
    ],
)
def test_a_check_that_observes_nothing_is_inconclusive(unproved: Ended, says: str, status: str, reason: str) -> None:
    [verdict] = [v for v in unproved.milestone("one")["verdicts"] if v["says"] == says]
    assert verdict["status"] == status
    assert reason in verdict["reason"]


def test_an_inconclusive_verdict_blocks_like_a_failed_one(unproved: Ended) -> None:
    assert (unproved.code, unproved.report()["status"]) == (1, "failed")
    assert "validate-3 inconclusive" in unproved.report()["reason"]
    assert not there(unproved.repo, unproved.branch)


def test_without_repairs_nobody_repairs(unproved: Ended) -> None:
    assert unproved.report()["totals"]["repairs"] == 0
    assert unproved.sessions() == ["a.1"]
