from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.api.stuck import Step, stuck
from blueprints.schema import Role
from tests.agents.api.conftest import HANDOFF, PRICES, Api, Data, Talk

BUSY: list[Any] = [{"calls": [{"shell": "echo {{turn}}"}], "usage": {"input": 1000, "output": 100}}]


def test_no_call_is_made_over_the_limit_of_turns(quick_talk: Talk) -> None:
    end = quick_talk.have(BUSY, limits={"turns": 3})
    assert (end["reason"], end["turns"], quick_talk.asked) == ("turns", 3, 3)


@pytest.mark.parametrize("api", ["messages", "responses", "chat"])
def test_no_call_is_made_that_would_go_over_the_limit_of_tokens(quick_talk: Talk, api: Api) -> None:
    end = quick_talk.have(BUSY, api, limits={"tokens": 5000})
    used = end["usage"]
    assert end["reason"] == "tokens"
    assert sum(used[kind] for kind in ("input", "cacheRead", "cacheWrite", "output")) <= 5000
    assert quick_talk.asked == end["turns"] >= 2


def test_no_call_is_made_when_reading_the_conversation_alone_would_go_over_the_limit_in_dollars(
    quick_talk: Talk,
) -> None:
    end = quick_talk.have(BUSY, limits={"usd": 0.06}, prices=PRICES)
    calls = quick_talk.of("usage")
    held = sum(calls[-1][kind] for kind in ("input", "cacheRead", "cacheWrite", "output"))
    assert end["reason"] == "money"
    assert end["usage"]["usd"] + held * PRICES["cacheRead"] / 1e6 >= 0.06
    assert end["usage"]["usd"] - calls[-1]["usd"] < 0.06
    assert quick_talk.asked == end["turns"] == len(calls)


def test_a_limit_in_dollars_needs_a_price(quick_talk: Talk) -> None:
    end = quick_talk.have(BUSY, limits={"usd": 1.0})
    assert end["reason"] == "failed"
    assert "price of scripted-1 is not known" in end["text"]
    assert quick_talk.asked == 0


def test_a_limit_of_nothing_asks_nothing(quick_talk: Talk) -> None:
    assert quick_talk.have(BUSY, limits={"turns": 0})["reason"] == "turns"
    assert quick_talk.asked == 0


def test_an_answer_without_a_call_is_forgiven_once(quick_talk: Talk) -> None:
    assert quick_talk.have(["I am done.", {"calls": [HANDOFF]}])["reason"] == "finished"
    end = quick_talk.have(["I am done.", "Really."])
    assert (end["reason"], end["turns"]) == ("no-handoff", 2)


def test_a_model_that_goes_in_circles_is_warned_and_then_ended(quick_talk: Talk) -> None:
    end = quick_talk.have([{"calls": [{"shell": "echo again"}]}])
    assert (end["reason"], end["turns"]) == ("stuck", 5)
    assert quick_talk.server
    assert "You seem to be stuck" in json.dumps(quick_talk.server.calls[-1].request["messages"][-1])


def test_a_model_that_heeds_the_warning_goes_on(quick_talk: Talk) -> None:
    again = {"calls": [{"shell": "echo again"}]}
    assert quick_talk.have([again] * 4 + [{"calls": [{"shell": "true"}]}, {"calls": [HANDOFF]}])["reason"] == "finished"


def test_calls_that_were_made_at_once_are_one_step(quick_talk: Talk) -> None:
    absent = {"tool": "read", "input": {"path": "absent"}}
    quick_talk.have([{"calls": [absent] * 5}, {"calls": [HANDOFF]}])
    assert quick_talk.server
    assert "You seem to be stuck" not in json.dumps(quick_talk.server.calls[-1].request["messages"])


A, B, WRONG = Step("a", "1"), Step("b", "2"), Step("c", "no", error=True)
SILENT = [Step(f"grep {number}", "exit code 1", error=True) for number in range(4)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([A] * 3, None),
        ([A] * 4, "same action"),
        ([A, A, A, Step("a", "2")], None),
        ([WRONG, Step("d", "no", error=True)], None),
        ([WRONG, Step("d", "no", error=True), WRONG], "same error"),
        ([WRONG, A, WRONG, WRONG], None),
        (SILENT, None),
        ([SILENT[0]] * 3, "same error"),
        ([Step(step.action, "exit code 1\nexit code 2", error=True) for step in SILENT], None),
        ([Step()] * 2, None),
        ([A, Step(), Step(), Step()], "did nothing"),
        ([A, B, A, B, A], None),
        ([A, B] * 3, "alternate"),
    ],
)
def test_circles_are_noticed(steps: list[Step], expected: str | None) -> None:
    found = stuck(steps)
    assert (expected or "") in (found or "")
    assert bool(found) == bool(expected)


TESTED: Data = {"id": "VAL-A-001", "status": "pass", "steps": []}
ANSWERS: list[tuple[Role, Data]] = [
    (Role.SCRUTINY, {"status": "pass", "summary": "Good.", "issues": []}),
    (Role.TESTER, {"summary": "Works.", "assertions": [TESTED]}),
]


@pytest.mark.parametrize(("role", "answer"), ANSWERS)
def test_each_role_hands_over_its_own_kind_of_answer(quick_talk: Talk, role: Role, answer: Data) -> None:
    steps: list[Any] = [{"calls": [HANDOFF]}, {"calls": [{"submit": answer}]}]
    end = quick_talk.have(steps, role=role)
    assert (end["reason"], end["turns"]) == ("finished", 2)
    written = json.loads((quick_talk.folder / "handoff.json").read_text())
    assert written["summary"] == answer["summary"]
    assert Path(quick_talk.folder / "handoff.json").is_file()


def test_a_review_that_contradicts_itself_is_not_taken(quick_talk: Talk) -> None:
    denied: Data = {"status": "fail", "summary": "Bad.", "issues": []}
    steps: list[Any] = [{"calls": [{"submit": denied}]}, {"calls": [{"submit": ANSWERS[0][1]}]}]
    end = quick_talk.have(steps, role=Role.SCRUTINY)
    assert "contradicts itself: status fail without a blocking issue" in quick_talk.of("output")[0]["text"]
    assert (end["reason"], end["turns"]) == ("finished", 2)
