"""What is counted: calls that broke are, what nobody told is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.conversation import TOKENS
from tests.agents.api.canned import Canned, Events
from tests.agents.api.conftest import HANDOFF, PRICES, Api, Data, Talk

SUBMIT = json.dumps(HANDOFF["submit"])


def chat(name: str, arguments: str) -> Events:
    """An answer of a call, without its usage."""
    call = {"index": 0, "id": "call_1", "function": {"name": name, "arguments": arguments}}
    delta: Data = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}
    last: Data = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    return [{"id": "c", "object": "chat.completion.chunk", "choices": [choice]} for choice in (delta, last)]


UNTOLD = [chat("bash", '{"command": "true"}'), chat("submit", SUBMIT)]


def test_a_usage_that_was_not_told_is_unknown_and_the_turns_still_count(quick_talk: Talk) -> None:
    quick_talk.serve(["x"])
    with Canned(*UNTOLD) as server:
        end = quick_talk.go_on(quick_talk.spec("chat", base_url=server.url, prices=PRICES))
    assert (end["reason"], end["turns"]) == ("finished", 2), end
    assert "usage" not in end
    assert len(quick_talk.of("usage")) == 2
    assert not any({*TOKENS, "usd"} & line.keys() for line in quick_talk.of("usage"))


@pytest.mark.parametrize("limits", [{"tokens": 10_000}, {"usd": 1.0}])
def test_a_limit_on_what_is_not_told_ends_it_and_says_so(quick_talk: Talk, limits: Data) -> None:
    quick_talk.serve(["x"])
    with Canned(*UNTOLD) as server:
        end = quick_talk.go_on(quick_talk.spec("chat", base_url=server.url, prices=PRICES, limits=limits))
        assert len(server.requests) == 1
    assert (end["reason"], end["turns"]) == ("failed", 1)
    assert "does not tell how many tokens" in end["text"]


def test_a_call_that_broke_after_its_usage_was_told_is_counted(quick_talk: Talk) -> None:
    broken = {"kind": "stream-truncate", "after": 3, "times": 2}
    end = quick_talk.have([{"calls": [HANDOFF], "usage": {"input": 900}, "fault": broken}], prices=PRICES)
    assert (end["reason"], end["turns"]) == ("finished", 1)
    assert [line["input"] for line in quick_talk.of("usage")] == [900] * 3
    assert end["usage"]["input"] == 2700
    assert end["usage"]["usd"] == sum(line["usd"] for line in quick_talk.of("usage"))


def test_a_failed_answer_is_counted(quick_talk: Talk) -> None:
    usage = {"input_tokens": 70, "output_tokens": 7, "input_tokens_details": {"cached_tokens": 20}}
    error = {"code": "server_error", "message": "Sorry."}
    failed = {"type": "response.failed", "response": {"status": "failed", "error": error, "usage": usage}}
    item: Any = {"type": "function_call", "id": "f", "call_id": "c", "name": "submit", "arguments": SUBMIT}
    done = {"status": "completed", "output": [item], "usage": usage}
    quick_talk.serve(["x"])
    with Canned([failed], [{"type": "response.completed", "response": done}]) as server:
        end = quick_talk.go_on(quick_talk.spec("responses", base_url=server.url))
    assert (end["reason"], end["turns"]) == ("finished", 1), end
    assert [end["usage"][kind] for kind in TOKENS] == [100, 40, 0, 14]


@pytest.mark.parametrize(("limits", "reason"), [({"tokens": 2_000}, "tokens"), ({"usd": 0.02}, "money")])
def test_broken_calls_do_not_go_over_a_limit(quick_talk: Talk, limits: Data, reason: str) -> None:
    step = {"text": "x", "usage": {"input": 0, "cache_write": 1_000}, "fault": {"kind": "stream-truncate", "after": 2}}
    end = quick_talk.have([step], limits=limits, prices=PRICES)
    assert (end["reason"], quick_talk.asked) == (reason, 2), end


MOST: list[tuple[Api, str, str, int]] = [
    ("messages", "max_tokens", "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens", 8192),
    ("responses", "max_output_tokens", "max_tokens is too large. It supports at most 16384 completion tokens.", 16384),
    ("responses", "max_output_tokens", "Invalid 'max_output_tokens': Expected a value <= 4096, but got 32000.", 4096),
    (
        "chat",
        "max_tokens",
        "max_tokens is too large: 32000. This model supports at most 16384 completion tokens",
        16384,
    ),
    (
        "chat",
        "max_completion_tokens",
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens'",
        32000,
    ),
]


@pytest.mark.parametrize(("api", "name", "message", "most"), MOST)
def test_an_answer_is_as_long_as_the_model_may_write(
    quick_talk: Talk, api: Api, name: str, message: str, most: int
) -> None:
    refusal = {"status": 400, "error": "bad-request", "message": message, "times": 1}
    steps: list[Data] = [{"calls": [{"shell": "true"}], "fault": refusal}, {"calls": [HANDOFF]}]
    assert quick_talk.have(steps, api, output_tokens=32_000)["reason"] == "finished"
    assert quick_talk.server
    assert [call.request.get(name) for call in quick_talk.server.calls][1:] == [most, most]
    assert quick_talk.of("retry") == []


def test_a_model_that_does_not_reason_is_asked_without_its_reasoning(quick_talk: Talk) -> None:
    message = "Encrypted content is not supported with this model."
    refusal = {"status": 400, "error": "bad-request", "message": message, "times": 1}
    steps: list[Data] = [{"calls": [{"shell": "true"}], "fault": refusal}, {"calls": [HANDOFF]}]
    assert quick_talk.have(steps, "responses")["reason"] == "finished"
    assert quick_talk.server
    assert ["include" in call.request for call in quick_talk.server.calls] == [True, False, False]


def test_what_is_refused_a_second_time_is_a_failure(quick_talk: Talk) -> None:
    refusal = {"status": 400, "error": "bad-request", "message": "max_tokens: 9 > 8, which is the maximum"}
    end = quick_talk.have([{"text": "x", "fault": refusal}])
    assert (end["reason"], quick_talk.asked) == ("failed", 2)
