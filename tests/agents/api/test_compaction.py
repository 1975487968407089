from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.api.compaction import compacted, size, tail_start
from agents.api.trouble import Trouble
from agents.api.turns import Call, Conversation, Result, Said, Told
from tests.agents.api.conftest import HANDOFF, Api, Data, Talk

texts = st.text("ab", max_size=3_000) | st.text(max_size=20)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """As the loop makes them: the task, then answers that are each answered."""
    turns: list[Said | Told] = [Told(texts=("the task",))]
    for number in range(draw(st.integers(0, 8))):
        names = [f"{number}.{index}" for index in range(draw(st.integers(0, 3)))]
        calls = tuple(Call(name, "bash", "{}") for name in names)
        turns.append(Said(({"text": draw(texts), "calls": names},), calls=calls))
        turns.append(Told(tuple(Result(name, draw(texts)) for name in names), () if names else ("go on",)))
    return tuple(turns)


def unanswered(conversation: Conversation) -> list[str]:
    """Calls without a result right after them, and results without a call right before them."""
    wrong: list[str] = []
    for before, after in zip((Told(), *conversation), (*conversation, Told()), strict=True):
        calls = {call.id for call in before.calls} if isinstance(before, Said) else set[str]()
        results = {result.id for result in after.results} if isinstance(after, Told) else set[str]()
        wrong += calls ^ results
    return wrong


@settings(max_examples=40, deadline=None)
@given(conversations(), texts)
def test_a_shorter_conversation_keeps_the_task_the_tail_and_every_call_with_its_result(
    conversation: Conversation, summary: str
) -> None:
    asked: list[Conversation] = []

    def summarise(middle: Conversation) -> str:
        asked.append(middle)
        return summary

    shorter = compacted(conversation, summarise)
    tail = conversation[tail_start(conversation) :]
    assert unanswered(conversation) == []
    assert all(unanswered(middle) == [] for middle in asked)
    if shorter is not None:
        assert isinstance(shorter, tuple)
        assert unanswered(shorter) == []
        assert isinstance(shorter[0], Told)
        assert shorter[0].texts[0] == "the task"
        assert shorter[len(shorter) - len(tail) :] == tail
        assert size(shorter) <= 0.9 * size(conversation)


def test_a_summary_that_cannot_be_had_is_done_without() -> None:
    said, told = Said(({"text": "x" * 900},)), Told(texts=("go on",))
    conversation = (Told(texts=("the task",)), *(said, told) * 6)
    shorter = compacted(conversation, lambda _: Trouble(None, "too long", overflow=True))
    assert isinstance(shorter, tuple)
    assert "Look at the workspace" in str(shorter[0])


LONG = "x" * 3_000
SUMMARY = "ALPHA and BETA are written."
WORK: list[Any] = [{"text": LONG, "calls": [{"shell": f"echo {number}; seq 900"}]} for number in range(4)]
AFTER: Data = {"name": "after", "when": {"user": "ALPHA and BETA"}, "steps": [{"calls": [HANDOFF]}]}
SUMMARISER: Data = {"name": "summary", "when": {"user": "Write a summary"}, "steps": [SUMMARY]}


def scripts(last: Data) -> list[Data]:
    return [AFTER, {"name": "work", "when": {"user": "Write the file"}, "steps": [*WORK, last]}, SUMMARISER]


@pytest.mark.parametrize("api", ["messages", "responses"])
def test_a_conversation_is_made_shorter_before_it_fills_the_window(talk: Talk, api: Api) -> None:
    talk.serve(*scripts({"text": LONG, "calls": [{"shell": "echo on"}], "usage": {"input": 80_000}}))
    end = talk.go_on(talk.spec(api, window=100_000))
    assert end["reason"] == "finished", end
    outputs_dropped, middle_summarised = talk.of("compaction")
    assert outputs_dropped["after"] <= 0.6 * outputs_dropped["before"]
    assert middle_summarised["after"] <= 0.9 * middle_summarised["before"]
    assert talk.server
    last = json.dumps(talk.server.calls[-1].request)
    assert "Write the file." in last
    assert SUMMARY in last
    assert len(last) < len(json.dumps(talk.server.calls[-2].request))
    assert len(talk.of("usage")) == end["turns"] == 8


@pytest.mark.parametrize(
    ("api", "step"),
    [
        ("messages", {"text": "x", "fault": {"error": "prompt-too-long"}}),
        ("responses", {"text": "x", "fault": {"error": "prompt-too-long"}}),
        ("chat", {"text": "x", "fault": {"error": "prompt-too-long"}}),
        ("messages", {"text": "x", "stop": "model_context_window_exceeded"}),
    ],
)
def test_a_conversation_that_is_too_long_is_made_shorter_and_sent_again(talk: Talk, api: Api, step: Data) -> None:
    talk.serve(*scripts(step))
    end = talk.go_on(talk.spec(api))
    assert end["reason"] == "finished", end
    assert len(talk.of("compaction")) == 1


def test_dropping_old_outputs_is_enough_when_they_are_most_of_it(talk: Talk) -> None:
    steps = [{"calls": [{"shell": f"echo {number}; seq 3000"}]} for number in range(6)]
    talk.serve([*steps, {"calls": [HANDOFF], "fault": {"error": "prompt-too-long", "times": 1}}])
    end = talk.go_on(talk.spec())
    assert end["reason"] == "finished", end
    assert talk.server
    assert "dropped to save room" in json.dumps(talk.server.calls[-1].request)


def test_what_is_too_long_and_cannot_be_made_shorter_is_a_failure(quick_talk: Talk) -> None:
    end = quick_talk.have([{"text": "x", "fault": {"error": "prompt-too-long"}}])
    assert end["reason"] == "failed"
    assert "cannot be made shorter" in end["text"]


def test_what_is_still_too_long_afterwards_is_a_failure(talk: Talk) -> None:
    steps = [{"calls": [{"shell": f"echo {number}; seq 3000"}]} for number in range(6)]
    end = talk.have([*steps, {"text": "x", "fault": {"error": "prompt-too-long"}}])
    assert end["reason"] == "failed"
    assert "still too long" in end["text"]
    assert len(talk.of("compaction")) == 1
