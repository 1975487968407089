from __future__ import annotations

import pytest

from validators.base import Verdict, VerdictStatus
from validators.convergence import fingerprint, stuck

A, B = "VAL-A-001", "VAL-B-001"


def verdict(name: str, reason: str = "") -> Verdict:
    """A pass without a reason, a failure with one."""
    return Verdict(
        id=name,
        kind="command",
        says="It holds.",
        status=VerdictStatus.FAILED if reason else VerdictStatus.PASSED,
        commit="c0ffee",
        contract="contract",
        environment="environment",
        command="true",
        reason=reason,
        exit_code=1 if reason else 0,
        seconds=1.0,
        runs=[],
        evidence=[],
        seen="evidence",
    )


def test_a_first_failure_is_worth_a_repair() -> None:
    assert stuck([[verdict(A, "exit code 1: no")]]) is None


def test_a_repair_that_changes_nothing_ends_the_loop() -> None:
    rounds = [[verdict(A, "exit code 1: no"), verdict(B)]] * 2
    assert stuck(rounds) == "the repair changed nothing: VAL-A-001 as in the round before"


@pytest.mark.parametrize(
    "again",
    [
        "3 of 17 tests failed in /home/b/check.one.VAL.2/tree/tests/test_a.py",
        "4 of 18 tests failed in /home/a/check.one.VAL.1/tree/tests/test_a.py",
    ],
)
def test_paths_and_numbers_make_no_new_failure(again: str) -> None:
    first = "3 of 17 tests failed in /home/a/check.one.VAL.1/tree/tests/test_a.py"
    assert fingerprint(verdict(A, first)) == fingerprint(verdict(A, again))


def test_other_words_make_a_new_failure() -> None:
    assert fingerprint(verdict(A, "no such file")) != fingerprint(verdict(A, "permission denied"))
    assert fingerprint(verdict(A, "no")) != fingerprint(verdict(B, "no"))


def test_one_failure_fewer_is_progress() -> None:
    assert stuck([[verdict(A, "no"), verdict(B, "no")], [verdict(A, "no"), verdict(B)]]) is None


def test_another_failure_of_the_same_check_is_progress() -> None:
    assert stuck([[verdict(A, "no such file")], [verdict(A, "wrong total")]]) is None


def test_a_verdict_that_flips_back_ends_the_loop() -> None:
    rounds = [
        [verdict(A, "no"), verdict(B)],
        [verdict(A), verdict(B, "no")],
        [verdict(A, "not so"), verdict(B)],
    ]
    told = "the repairs go in circles: VAL-A-001 did not pass, passed, and does not pass again"
    assert stuck(rounds) == told


def test_what_a_repair_breaks_for_the_first_time_is_no_circle() -> None:
    assert stuck([[verdict(A, "no"), verdict(B)], [verdict(A), verdict(B, "no")]]) is None


def test_a_loop_that_came_to_an_end_is_not_stuck() -> None:
    assert stuck([[verdict(A, "no")], [verdict(A)]]) is None
