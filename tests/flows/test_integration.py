"""Features come together: by code where git can, through the integrator where it cannot."""

from __future__ import annotations

import pytest

from tests.flows.conftest import NewMissions
from tests.flows.stage import Ended, feature, git, milestone, parents, play, shell, there, workers, write


def test_a_resolved_conflict_keeps_both_sides_in_a_merge_of_both(passed: Ended) -> None:
    first, last = (passed.milestone(name) for name in ("first", "last"))
    left, right = last["integration"]["merges"]
    assert passed.file("shared.txt") == "left\nright"
    assert [merge["how"] for merge in (left, right)] == ["clean", "integrator"]
    assert parents(passed.repo, left["commit"]) == [first["commit"], passed.feature("left")["commit"]]
    assert parents(passed.repo, right["commit"]) == [left["commit"], passed.feature("right")["commit"]]


def test_each_feature_has_one_merge_commit_that_names_it(passed: Ended) -> None:
    span = f"{passed.report()['base']}..{passed.branch}"
    log = git(
        passed.repo, "log", "--first-parent", "--reverse", "--format=%(trailers:key=Mission-Feature,valueonly)", span
    )
    assert log.split() == ["first", "slow", "second", "alone", "joined", "left", "right"]
    counts = git(passed.repo, "log", "--first-parent", "--format=%P", span).splitlines()
    assert [len(line.split()) for line in counts] == [2] * 7


@pytest.fixture(scope="module")
def unresolved(new_missions: NewMissions) -> Ended:
    """A conflict whose integrator does nothing, then takes one side, then leaves the markers and commits."""
    tries = [
        [{"say": "Looks fine"}],
        [shell("git checkout -q --theirs shared.txt")],
        [shell("git add -A"), {"commit": "Resolved"}],
    ]
    script = workers(left=[write("shared.txt", "left\n")], right=[write("shared.txt", "right\n")])
    player = {"kind": "scripted", "script": "script.yaml", "retries": 2}
    return play(
        new_missions(),
        {
            "agents": {"player": player},
            "milestones": [milestone("one", feature("left"), feature("right")), milestone("two", feature("later"))],
        },
        script | {"integrator": {"right": tries}},
    )


def test_an_integrator_that_does_nothing_has_not_resolved(unresolved: Ended) -> None:
    assert "markers: shared.txt:1" in _reasons(unresolved)[0]


def test_an_integrator_that_takes_one_side_has_not_resolved(unresolved: Ended) -> None:
    assert "lost:" in _reasons(unresolved)[1]
    assert "shared.txt" in _reasons(unresolved)[1]


def test_an_integrator_that_commits_the_markers_has_not_resolved(unresolved: Ended) -> None:
    assert "markers: shared.txt:1" in _reasons(unresolved)[2]


def _reasons(run: Ended) -> list[str]:
    reasons = [event["reason"] for event in run.events("worker_failed", role="integrator")]
    assert len(reasons) == 3
    return reasons


def test_an_unresolved_conflict_fails_the_milestone_and_names_both_features_and_the_path(unresolved: Ended) -> None:
    report, one = unresolved.report(), unresolved.milestone("one")
    assert (unresolved.code, report["status"]) == (1, "failed")
    assert one["reason"].startswith("right and left conflict in shared.txt: the conflict is not resolved: ")
    assert one["integration"]["status"] == "failed"
    assert one["verdicts"] == []
    assert not there(unresolved.repo, unresolved.branch)


def test_every_attempt_of_an_integrator_stays_reachable(unresolved: Ended) -> None:
    assert [f"integrator.right.{n}" in unresolved.archived() for n in (1, 2, 3)] == [True] * 3
    assert unresolved.leftovers() == []
