"""Providers at fault: quotas that are used up, throttling, refused credentials. No attempt is lost to them."""

from __future__ import annotations

import pytest

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Ended,
    Going,
    Step,
    feature,
    milestone,
    play,
    resume,
    start,
    until,
    wait_for,
    workers,
    write,
)

PLAYER: Data = {"kind": "scripted", "script": "script.yaml", "retries": 0}
OTHER: Data = {**PLAYER, "script": "./script.yaml"}
"""It has nothing in common with the other but what it plays: limits of the one are none of its own."""
APPROVED: Step = {"answer": {"status": "pass", "summary": "Fine.", "issues": []}}


def fault(kind: str, seconds: float) -> Step:
    return {"fault": {"kind": kind, "reason": f"the provider says {kind}", "seconds": seconds}}


@pytest.fixture
def impatient(new_missions: NewMissions) -> Missions:
    """Missions whose agents keep their place for no wait at all."""
    missions = new_missions()
    missions.variables["MISSION_PATIENCE"] = "0"
    return missions


def attempts(run: Ended | Going, name: str) -> list[str]:
    """How each attempt at the feature ended."""
    ends = [e for kind in ("worker_failed", "worker_paused", "worker_completed") for e in run.events(kind)]
    mine = sorted((e for e in ends if e["featureId"] == name), key=lambda e: e["attempt"])
    return [e.get("status", "done") for e in mine]


def test_a_used_up_quota_parks_a_feature_while_others_take_its_place(impatient: Missions) -> None:
    blueprint: Data = {
        "agents": {"first": PLAYER, "other": OTHER},
        "roles": {"worker": "first"},
        "maxConcurrency": 1,
        "milestones": [milestone("one", feature("a"), feature("b", agent="other"), feature("c"))],
    }
    script = workers(b=[write("b")], c=[write("c")])
    script["worker"]["a"] = [[write("a"), fault("exhausted", 8)], [write("a")]]
    run = play(impatient, blueprint, script)
    assert (run.code, attempts(run, "a"), attempts(run, "b")) == (0, ["parked", "done"], ["done"])
    parked = {event["featureId"]: event["reason"] for event in run.events("agent_parked")}
    assert parked == dict.fromkeys("ac", "the provider says exhausted")  # c's agent has the same quota, b's its own
    started = [event["featureId"] for event in run.events("worker_started")]
    assert (started[:2], sorted(started[2:])) == (["a", "b"], ["a", "c"])


def test_a_fallback_takes_over_while_the_quota_is_used_up(impatient: Missions) -> None:
    blueprint: Data = {
        "agents": {"first": {**PLAYER, "fallback": ["second"]}, "second": OTHER},
        "roles": {"worker": "first"},
        "milestones": [milestone("one", feature("a"), feature("b", needs=["a"]))],
    }
    script = workers(b=[write("b")])
    script["worker"]["a"] = [[fault("exhausted", 3600)], [write("a")]]
    run = play(impatient, blueprint, script)
    assert run.code == 0
    assert [(e["featureId"], e["agent"]) for e in run.events("worker_started")] == [
        ("a", "first"),
        ("a", "second"),
        ("b", "second"),
    ]
    assert run.events("agent_parked") == []


def test_an_unavailable_model_without_a_fallback_is_a_failed_attempt(impatient: Missions) -> None:
    script = workers()
    script["worker"]["a"] = [[fault("unavailable", 3600)]]
    run = play(impatient, {"milestones": [milestone("one", feature("a"))]}, script)
    assert (run.code, attempts(run, "a")) == (1, ["failed"])
    assert "the provider says unavailable" in run.report()["reason"]


def refused(missions: Missions) -> Going:
    """A mission that waits because a worker's credential is refused; a second attempt would work.

    Another agent's feature goes on, and ends while the question is open.
    """
    asked = missions.folder / "asked"
    script = workers(b=[wait_for(asked), write("b")])
    script["worker"]["a"] = [[fault("unauthenticated", 0)], [write("a")]]
    blueprint: Data = {
        "agents": {"first": PLAYER, "other": OTHER},
        "roles": {"worker": "first"},
        "milestones": [milestone("one", feature("a"), feature("b", agent="other"))],
    }
    run = start(missions, blueprint, script, "--yes")
    run.wait_for("gate_opened")
    asked.touch()
    run.wait_for("worker_completed")
    return run


def test_a_refused_credential_asks_and_goes_on(impatient: Missions) -> None:
    run = refused(impatient)
    assert "is refused: the provider says unauthenticated" in run.status()["reason"]
    wrong = impatient("answer", "pass", run.name)
    assert (wrong.returncode, "waits for retry or stop" in wrong.stderr) == (2, True)
    assert impatient("answer", "retry", run.name).returncode == 0
    assert (run.end(), attempts(run, "a")) == (0, ["parked", "done"])


def test_a_refused_credential_never_fails_the_mission(impatient: Missions) -> None:
    run = refused(impatient)
    assert impatient("answer", "stop", run.name, "--note", "tomorrow").returncode == 0
    assert (run.end(), run.report()["status"]) == (130, "paused")
    assert resume(run) == 0
    assert attempts(run, "a") == ["parked", "done"]


def test_two_refused_credentials_are_asked_about_one_after_the_other(impatient: Missions) -> None:
    script = workers()
    script["worker"] |= {name: [[fault("unauthenticated", 0)], [write(name)]] for name in ("a", "b")}
    blueprint: Data = {
        "agents": {"first": PLAYER, "other": OTHER},
        "roles": {"worker": "first"},
        "milestones": [milestone("one", feature("a"), feature("b", agent="other"))],
    }
    run = start(impatient, blueprint, script, "--yes")
    for wanted in (1, 2):
        until(lambda: len(run.events("gate_opened")) == wanted)  # noqa: B023  # it is called at once
        assert impatient("answer", "retry", run.name).returncode == 0
    assert (run.end(), attempts(run, "a"), attempts(run, "b")) == (0, ["parked", "done"], ["parked", "done"])


def test_a_provider_that_always_ends_the_work_ends_the_feature(impatient: Missions) -> None:
    script = workers()
    script["worker"]["a"] = [[{"use": {"input": 10, "output": 1}}, fault("throttled", 1.2)]]
    run = play(impatient, {"milestones": [milestone("one", feature("a"))]}, script)
    assert (run.code, attempts(run, "a")) == (1, ["parked"] * 5 + ["failed"])


def test_a_pause_while_a_review_is_parked_fails_nothing(impatient: Missions) -> None:
    validators = [{"kind": "review"}, {"kind": "command", "run": "test -e a"}]
    blueprint: Data = {"repairs": 0, "validators": validators, "milestones": [milestone("one", feature("a"))]}
    script = {**workers(a=[write("a")]), "scrutiny": {"a": [[fault("exhausted", 3600)], [APPROVED]]}}
    run = start(impatient, blueprint, script, "--yes")
    run.wait_for("agent_parked")
    assert impatient("pause", run.name).returncode == 0
    assert (run.end(), run.report()["status"]) == (130, "paused")
    assert resume(run) == 0  # at once, whatever was noted: whoever resumes wants it tried
    assert [v["status"] for v in run.events("verdict_recorded") if v["kind"] == "review"] == ["passed"]


def test_a_parked_review_repeats_no_check(impatient: Missions) -> None:
    validators = [{"kind": "review"}, {"kind": "command", "run": 'test -e a && touch "$MISSION_EVIDENCE/ran"'}]
    script = {**workers(a=[write("a")]), "scrutiny": {"a": [[fault("throttled", 1)], [APPROVED]]}}
    run = play(impatient, {"validators": validators, "milestones": [milestone("one", feature("a"))]}, script)
    assert run.code == 0
    assert [event["role"] for event in run.events("agent_parked")] == ["scrutiny"]
    seconds = [e["seconds"] for e in run.events("verdict_recorded") if e["kind"] == "command"]
    assert len(seconds) == 2
    assert len(set(seconds)) == 1  # the second is the first, read back
