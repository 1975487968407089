"""The contract in whole missions: red before the work, green after it, and nothing in between is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import check, feature, milestone, play, shell, start, workers, write

GREEN = "VAL-A-001"


def assertion(line: str, **more: object) -> Data:
    return {"says": "It holds.", "check": check(line), **more}


def contracted(*features: Data, **assertions: Data) -> Data:
    """A milestone of these features and a contract; `VAL_A_001` stands for `VAL-A-001`."""
    contract = {name.replace("_", "-"): facts for name, facts in assertions.items()}
    return {"contract": contract, "milestones": [milestone("one", *features)]}


def test_an_assertion_that_holds_before_the_work_stops_the_plan(new_missions: NewMissions) -> None:
    blueprint = contracted(feature("a", fulfills=[GREEN]), VAL_A_001=assertion("test -e a.txt"))
    run = play(new_missions(), blueprint, workers(a=[write("a")]))
    assert run.code == 1
    assert run.report()["reason"] == (
        f"not discriminating: {GREEN} passed on the base, before any work; correct the check, say 'invariant: true', "
        f"or go on with `mission resume {run.name} --accept {GREEN}`"
    )
    assert run.sessions() == []
    unknown = run.missions("resume", run.name, "--accept", "VAL-A-002")
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "--accept VAL-A-002: no such assertion; did you mean 'VAL-A-001'?\n",
    )
    assert run.missions("resume", run.name, "--accept", GREEN).returncode == 0
    [accepted] = run.events("assertion_accepted")
    assert accepted["assertion"] == GREEN


def test_the_approver_is_told_and_must_accept_by_name(new_missions: NewMissions) -> None:
    blueprint = contracted(feature("a", fulfills=[GREEN]), VAL_A_001=assertion("test -e a.txt"))
    run = start(new_missions(), blueprint, workers(a=[write("a")]))
    assert run.wait_for("plan_proposed")["green"] == [GREEN]
    refused = run.missions("approve", run.name)
    assert (refused.returncode, refused.stderr) == (
        2,
        f"{GREEN} passed before any work and prove nothing; reject the plan, or approve it with --accept {GREEN}\n",
    )
    assert run.missions("approve", run.name, "--accept", GREEN).returncode == 0
    assert run.end() == 0


def test_an_invariant_must_hold_before_and_after(new_missions: NewMissions) -> None:
    kept = assertion("grep -q one a.txt", invariant=True)
    run = play(
        new_missions(),
        contracted(feature("a", fulfills=[GREEN]), VAL_A_001=kept) | {"repairs": 0},
        workers(a=[write("a.txt", "changed\n")]),
    )
    assert (run.code, run.report()["reason"]) == (1, f"milestone one: not proved: {GREEN} failed")


def test_an_invariant_that_does_not_hold_on_the_base_stops_the_milestone(new_missions: NewMissions) -> None:
    broken = assertion("test -e nowhere", invariant=True)
    run = play(new_missions(), contracted(feature("a", fulfills=[GREEN]), VAL_A_001=broken), workers(a=[write("a")]))
    assert run.code == 1
    assert f"{GREEN} is an invariant and does not hold on the base" in run.report()["reason"]
    assert run.sessions() == []


@pytest.fixture(scope="module")
def two(new_missions: NewMissions) -> Data:
    """The report of two milestones; the first makes true what the second is to fulfil, and a suggestion is left."""
    blueprint = {
        "contract": {"VAL-A-001": assertion("test -e a"), "VAL-B-001": assertion("test -e b")},
        "milestones": [
            milestone("one", feature("a", fulfills=["VAL-A-001"])),
            milestone("two", feature("b", fulfills=["VAL-B-001"])),
        ],
    }
    noticed = {"finding": {"severity": "suggestion", "description": "The name is short."}}
    run = play(new_missions(), blueprint, workers(a=[write("a"), write("b"), noticed], b=[write("c")]))
    assert run.code == 0
    return run.report()


def test_what_an_earlier_milestone_made_true_is_noted_and_stops_nothing(two: Data) -> None:
    told = "VAL-B-001 holds before its own features begin: an earlier milestone's work made it true."
    assert [(f["description"], f["source"], f["fate"]) for f in two["findings"]] == [
        ("The name is short.", "a.1", "backlog"),
        (told, "engine", "backlog"),
    ]


def test_every_assertion_is_judged_on_the_delivered_commit(two: Data) -> None:
    assert [(e["id"], e["commit"], set(e["checks"].values())) for e in two["contract"]] == [
        ("VAL-A-001", two["commit"], {"passed"}),
        ("VAL-B-001", two["commit"], {"passed"}),
    ]


def test_the_report_shows_the_red_before_the_work(two: Data) -> None:
    assert [(w["id"], w["status"]) for w in two["milestones"][0]["before"]] == [("VAL-A-001", "failed")]


TESTS: Data = {
    "tests": {"paths": ["test_*.sh"], "check": {"kind": "command", "run": "for t in $MISSION_TESTS; do sh $t; done"}}
}


def with_tests(**more: object) -> Data:
    return TESTS | {"milestones": [milestone("one", feature("a", **more))]}


def test_the_tests_that_a_feature_adds_are_witnessed(new_missions: NewMissions) -> None:
    run = play(new_missions(), with_tests(), workers(a=[write("a"), write("test_a.sh", "test -e a\n")]))
    assert run.code == 0
    [witnessed] = run.events("tests_witnessed")
    assert (witnessed["files"], witnessed["green"]) == (["test_a.sh"], "exit code 0")
    assert witnessed["red"].startswith("exit code 1")
    assert run.report()["milestones"][0]["features"][0]["tests"]["files"] == ["test_a.sh"]


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("test -e a.txt", "its tests pass without its work, so they prove nothing: test_a.sh"),
        ("test -e nowhere", "its own tests do not pass on its commit: exit code 1: it printed nothing"),
    ],
)
def test_tests_that_prove_nothing_fail_the_feature(new_missions: NewMissions, test: str, reason: str) -> None:
    run = play(new_missions(), with_tests(), workers(a=[write("a"), write("test_a.sh", test + "\n")]))
    assert run.code == 1
    assert run.report()["milestones"][0]["features"][0]["reason"] == reason


def test_a_feature_of_tests_only_need_not_be_red(new_missions: NewMissions) -> None:
    run = play(new_missions(), with_tests(testsOnly=True), workers(a=[write("test_a.sh", "test -e a.txt\n")]))
    assert run.code == 0


def test_a_repair_that_changes_nothing_of_the_failure_is_the_last(new_missions: NewMissions) -> None:
    blueprint = contracted(feature("a", fulfills=[GREEN]), VAL_A_001=assertion("test -e wanted")) | {"repairs": 5}
    script = workers(a=[write("a")]) | {"repairer": {"one": [[write("try")], [write("again")]]}}
    run = play(new_missions(), blueprint, script)
    told = f"milestone one: not proved: {GREEN} failed; the repair changed nothing: {GREEN} as in the round before"
    assert (run.code, run.report()["reason"]) == (1, told)
    assert run.sessions() == ["a.1", "repairer.one.1"]


def test_repairs_that_go_in_circles_end_early(new_missions: NewMissions) -> None:
    blueprint = contracted(
        feature("a", fulfills=["VAL-A-001", "VAL-B-001"]),
        VAL_A_001=assertion("test -e left"),
        VAL_B_001=assertion("test ! -e left && test -e a"),
    )
    steps = [[write("left")], [shell("rm left")], [write("left", "again\n")]]
    script = workers(a=[write("a")]) | {"repairer": {"one": steps}}
    run = play(new_missions(), blueprint | {"repairs": 9}, script)
    assert run.code == 1
    assert "the repairs go in circles: VAL-A-001" in run.report()["reason"]
    assert len(run.events("repair_started")) == 2


def test_a_repairer_gets_the_failing_verdicts_and_where_their_evidence_is(new_missions: NewMissions) -> None:
    blueprint = contracted(
        feature("a", fulfills=["VAL-A-001", "VAL-B-001"]),
        VAL_A_001=assertion("echo looked; test -e wanted"),
        VAL_B_001=assertion("test -e a"),
    )
    script = workers(a=[write("a")]) | {"repairer": {"one": [[write("wanted")]]}}
    run = play(new_missions(), blueprint, script)
    assert run.code == 0
    prompt = (run.folder / "transcripts" / "repairer.one.1.prompt.md").read_text()
    assert "`VAL-A-001` is failed (It holds.)" in prompt
    assert "VAL-B-001" not in prompt
    evidence = Path(prompt.partition("Evidence: `")[2].partition("`")[0])
    assert (evidence / "output.log").read_text() == "looked\n"
