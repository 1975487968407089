from __future__ import annotations

from pathlib import Path

import pytest

from agents.outcome import Outcome
from blueprints.load import load_text
from blueprints.plan import PlannedFeature
from flows.ready import ReadySet
from ledger.report import StepStatus

HEAD = """\
mission: demo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
maxFeaturesPerMilestone: 100
milestones:
"""
REST = "spec: Do it., fulfills: [], because: It is a test."
"""What every feature has besides."""


def features(**needs: str) -> list[PlannedFeature]:
    """Features of one milestone, each with the names of those it needs; `x` is of an earlier milestone."""
    text = f"{HEAD}  - {{name: zero, features: [{{id: x, {REST}}}]}}\n  - name: one\n    features:\n"
    for name, wanted in needs.items():
        text += f"      - {{id: {name}, needs: [{', '.join(wanted)}], {REST}}}\n"
    return load_text(text, "mission.yaml", Path.cwd()).plan.milestone("one").features


def ready_set(limit: int = 10, **needs: str) -> ReadySet:
    return ReadySet(features(**needs), limit)


def take(ready: ReadySet) -> str:
    return "".join(feature.id for feature in ready.take())


def finish(ready: ReadySet, name: str, status: StepStatus = StepStatus.DONE) -> None:
    commit = f"commit-{name}" if status is StepStatus.DONE else None
    ready.finish(Outcome(name=name, status=status, commit=commit))


def test_features_without_needs_start_at_once() -> None:
    assert take(ready_set(a="", b="", c="a")) == "ab"


def test_a_need_of_an_earlier_milestone_is_not_waited_for() -> None:
    assert take(ready_set(a="x")) == "a"


def test_a_feature_that_is_running_is_not_started_again() -> None:
    ready = ready_set(a="")
    assert (take(ready), take(ready)) == ("a", "")


def test_a_feature_starts_as_soon_as_its_needs_are_done() -> None:
    ready = ready_set(a="", b="", c="a")
    take(ready)
    finish(ready, "a")
    assert take(ready) == "c"
    assert ready.running == {"b", "c"}


def test_a_feature_waits_for_all_its_needs() -> None:
    ready = ready_set(a="", b="", c="ab")
    take(ready)
    finish(ready, "b")
    assert take(ready) == ""
    finish(ready, "a")
    assert take(ready) == "c"


def test_no_more_run_at_once_than_the_limit() -> None:
    ready = ready_set(2, a="", b="", c="", d="")
    assert take(ready) == "ab"
    finish(ready, "a")
    assert take(ready) == "c"


def test_those_written_first_start_first() -> None:
    ready = ready_set(1, c="", a="", b="")
    assert take(ready) == "c"


@pytest.mark.parametrize("status", [StepStatus.FAILED, StepStatus.QUARANTINED])
def test_a_feature_whose_need_is_not_done_is_blocked(status: StepStatus) -> None:
    ready = ready_set(a="", b="a")
    take(ready)
    finish(ready, "a", status)
    [blocked] = ready.block()
    assert (blocked.name, blocked.status, blocked.reason) == ("b", "blocked", f"needs a, which is {status}")


def test_a_feature_whose_need_was_stopped_neither_starts_nor_is_blocked() -> None:
    """It is for the next life of the run."""
    ready = ready_set(a="", b="a")
    take(ready)
    finish(ready, "a", StepStatus.STOPPED)
    assert (ready.block(), take(ready)) == ([], "")


def test_blocking_goes_on_through_all_that_depend() -> None:
    ready = ready_set(a="", b="a", c="b", d="cb", e="")
    take(ready)
    finish(ready, "a", StepStatus.FAILED)
    assert {outcome.name for outcome in ready.block()} == {"b", "c", "d"}
    assert ready.outcomes["c"].reason == "needs b, which is blocked"
    assert ready.running == {"e"}


def test_each_is_blocked_only_once() -> None:
    ready = ready_set(a="", b="a")
    take(ready)
    finish(ready, "a", StepStatus.FAILED)
    assert len(ready.block()) == 1
    assert ready.block() == []


def test_a_feature_at_work_is_not_blocked() -> None:
    ready = ready_set(a="", b="")
    take(ready)
    finish(ready, "a", StepStatus.FAILED)
    assert ready.block() == []
    assert ready.running == {"b"}


def test_independent_features_go_on_after_a_failure() -> None:
    ready = ready_set(1, a="", b="a", c="")
    take(ready)
    finish(ready, "a", StepStatus.FAILED)
    ready.block()
    assert take(ready) == "c"


def test_the_commits_of_needs_come_in_the_plan_s_order() -> None:
    ready = ready_set(b="", a="", c="ab")
    take(ready)
    for name in "ba":
        finish(ready, name)
    [feature] = ready.take()
    assert list(ready.commits(feature).items()) == [("a", "commit-a"), ("b", "commit-b")]


@pytest.mark.parametrize("limit", [1, 2, 64])
@pytest.mark.parametrize("failing", ["", "a", "c", "ah", "abcdefgh"])
def test_every_feature_ends_with_an_outcome(limit: int, failing: str) -> None:
    ready = ready_set(limit, a="", b="", c="a", d="ab", e="cd", f="", g="f", h="eg")
    while take(ready) or ready.running:
        assert len(ready.running) <= limit
        name = sorted(ready.running)[0]
        finish(ready, name, StepStatus.FAILED if name in failing else StepStatus.DONE)
        ready.block()
    assert set(ready.outcomes) == set("abcdefgh")
    assert all(outcome.done for outcome in ready.outcomes.values()) == (not failing)


def test_a_parked_feature_leaves_its_place_and_comes_back() -> None:
    ready = ready_set(limit=1, a="", b="", c="a")
    assert take(ready) == "a"
    ready.park("a")
    assert take(ready) == "b"
    finish(ready, "b")
    assert (take(ready), ready.block()) == ("", [])  # what needs it waits too
    ready.unpark("a")
    assert take(ready) == "a"
