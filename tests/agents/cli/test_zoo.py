"""What an agent's program may do, each in all the dialects, and what is to be made of it."""

from __future__ import annotations

import fcntl
import time
from typing import Any

import pytest

from agents.base import AgentRun
from tests.agents.cli.conftest import KEY, Studio
from tests.agents.cli.fakes.dialects import DIALECTS

KINDS = list(DIALECTS)
FINE, FAILED, OBJECTION, IDLE = "fine", "failed", "objection", "idle"

ZOO: dict[str, dict[str, str]] = {
    "does_nothing": dict.fromkeys(KINDS, FINE),  # git shows that there is no work
    "is_refused": dict.fromkeys(KINDS, "unauthenticated"),
    "is_overloaded": dict.fromkeys(KINDS, "unavailable"),
    "says_so_in_prose": dict.fromkeys(KINDS, "unauthenticated"),
    "is_throttled_once": dict.fromkeys(KINDS, FINE),
    "is_torn": dict.fromkeys(KINDS, OBJECTION),
    "crashes": dict.fromkeys(KINDS, FAILED),
    "speaks_strangely": dict.fromkeys(KINDS, OBJECTION),
    "ends_twice": {"claude-code": "unavailable", "opencode": "unavailable"},
    "lingers": dict.fromkeys(KINDS, FINE),
    "tells_its_key": dict.fromkeys(KINDS, FINE),
}
TABLE = [(scene, kind, expected) for scene, kinds in ZOO.items() for kind, expected in kinds.items()]


def outcome(run: AgentRun) -> str:
    if run.fault:
        return run.fault.kind.value
    if run.objection:
        return OBJECTION
    if run.ended != "exited":
        return run.ended.value
    return FAILED if run.exit_code else FINE


@pytest.mark.parametrize(("scene", "kind", "expected"), TABLE)
def test_every_ending_is_what_it_is(studio: Studio, scene: str, kind: str, expected: str) -> None:
    run = studio.run(kind, scene)
    assert outcome(run) == expected, f"{run.reason}\n{run.output}"
    assert run.stopped_by_itself == (expected == FINE)
    assert KEY not in studio.desk.transcript.read_text() + run.output + run.reason


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_prompt_it_fails(studio: Studio, kind: str) -> None:
    run = studio.run(kind, "")
    assert run.reason == "the agent ended with exit code 1: Error: no prompt was given on stdin"


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_hangs_meets_its_idle_limit_and_no_signal_saves_it(studio: Studio, kind: str) -> None:
    assert outcome(studio.run(kind, "ignores_signals", idleTimeout=0.2)) == IDLE


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_tries_again_and_again_hands_its_provider_s_fault_back(studio: Studio, kind: str) -> None:
    # droid tells of it in its log alone, where it is looked for when nothing else is heard
    idle = 2 if kind == "droid" else None
    run = studio.at(patience=0.1).run(kind, "waits_for_its_provider", idleTimeout=idle)
    assert outcome(run) == "unavailable"
    assert studio.said("end")[-1]["fault"]["kind"] == "unavailable"


@pytest.mark.parametrize("kind", KINDS)
def test_its_turns_are_limited(studio: Studio, kind: str) -> None:
    run = studio.run(kind, "meets_its_turns", maxTurns=2)
    assert outcome(run) == OBJECTION
    assert "limit of" in run.reason


@pytest.mark.parametrize(("limit", "clause"), [({"maxTokens": 40}, "40 tokens"), ({"maxUsd": 0.00002}, "2e-05 USD")])
@pytest.mark.parametrize("kind", KINDS)
def test_its_tokens_and_its_money_are_limited(studio: Studio, kind: str, limit: dict[str, Any], clause: str) -> None:
    run = studio.run(kind, "works", **limit, prices={"input": 1, "output": 1})
    assert clause in run.objection


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_started_is_dead_when_it_has_ended(studio: Studio, kind: str) -> None:
    assert studio.run(kind, "leaves_a_daemon").stopped_by_itself
    with (studio.desk.workspace / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("kind", KINDS)
def test_the_time_of_the_reset_is_known(studio: Studio, kind: str) -> None:
    before = time.time()
    run = studio.run(kind, "is_used_up")
    assert outcome(run) == "exhausted"
    assert run.fault
    assert run.fault.until
    assert before + 7500 <= run.fault.until <= time.time() + 7500


@pytest.mark.parametrize(("kind", "denied"), [(kind, 0 if kind == "droid" else 1) for kind in KINDS])
def test_what_it_was_denied_is_counted(studio: Studio, kind: str, denied: int) -> None:
    run = studio.run(kind, "is_denied")
    assert outcome(run) == FINE  # git shows what came of it
    assert run.tally
    assert run.tally.denied == denied == len(studio.said("denied"))


@pytest.mark.parametrize("kind", KINDS)
def test_its_conversation_is_in_the_common_form(studio: Studio, kind: str) -> None:
    run = studio.run(kind, "works")
    assert outcome(run) == FINE
    start, end = studio.said("start")[0], studio.said("end")[-1]
    assert (start["kind"], start["version"], run.version) == (kind, "9.8.7", "9.8.7")
    assert start["session"] == end["session"]
    assert [line["text"] for line in studio.said("text")] == ["I look.", "Done."]
    assert studio.said("call")[0]["input"]["command"] == "make"
    assert "one failed" in studio.said("output")[0]["text"]
    assert end["reason"] == "finished"
    assert run.tally
    assert run.tally.turns >= 2
    assert run.usage
    assert {name: run.usage[name] for name in ("input", "cacheRead", "cacheWrite", "output")} == {
        "input": 20,
        "cacheRead": 40,
        "cacheWrite": 0,
        "output": 10,
    }
