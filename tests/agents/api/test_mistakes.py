from __future__ import annotations

import pytest

from tests.agents.api.canned import Canned, Events
from tests.agents.api.conftest import HANDOFF, Api, Data, Talk

COMMAND = '{"command": "touch ran"}'
MALFORMED: Data = {"calls": [{"tool": "bash", "raw_input": '{"command": "touch ran"'}]}
WHOLE: Data = {"calls": [{"tool": "bash", "raw_input": COMMAND}]}
NEVER_RUN: list[tuple[Api, Data]] = [
    ("messages", MALFORMED),
    ("responses", MALFORMED),
    ("chat", MALFORMED),
    ("messages", {"calls": [{"tool": "bash", "raw_input": '{"command": "touch ran", "timeout": 1e999}'}]}),
    ("messages", {"calls": [{"tool": "bash", "raw_input": '{"command": "touch ran", "timeout": Infinity}'}]}),
    ("messages", {**WHOLE, "stop": "max_tokens"}),
    ("responses", {**WHOLE, "stop": "max_tokens"}),
    ("chat", {**WHOLE, "stop": "length"}),
    ("messages", {**WHOLE, "stop": "end_turn"}),
    ("chat", {**WHOLE, "stop": "stop"}),
    ("messages", {"calls": [{"tool": "bash", "input": {"command": "touch ran", "timeout": "soon"}}]}),
    ("messages", {"calls": [{"tool": "bash", "input": {"command": "touch ran", "sudo": True}}]}),
    ("messages", {"calls": [{"tool": "shell_of_another_name", "input": {"command": "touch ran"}}]}),
]


@pytest.mark.parametrize(("api", "step"), NEVER_RUN)
def test_a_call_that_is_not_whole_is_answered_and_never_run(quick_talk: Talk, api: Api, step: Data) -> None:
    end = quick_talk.have([step, {"calls": [HANDOFF]}], api)
    assert not (quick_talk.workspace / "ran").exists()
    output = quick_talk.of("output")[0]
    assert output["error"]
    assert "not run" in output["text"]
    assert end["reason"] == "finished", end


def test_a_missing_argument_is_named(quick_talk: Talk) -> None:
    quick_talk.have([{"calls": [{"tool": "edit", "input": {"path": "a", "old": "b"}}]}, {"calls": [HANDOFF]}])
    assert quick_talk.of("output")[0]["text"] == "not run: new: Field required"


def test_three_answers_with_nothing_but_malformed_calls_end_it(quick_talk: Talk) -> None:
    steps = [{"calls": [{"tool": "bash", "raw_input": f'{{"command": {number}'}]} for number in range(9)]
    end = quick_talk.have(steps)
    assert (end["reason"], end["turns"]) == ("failed", 3)


def test_a_call_that_runs_forgives_the_malformed_ones_before_it(quick_talk: Talk) -> None:
    broken = {"calls": [{"tool": "bash", "raw_input": "{"}]}
    steps = [broken, broken, {"calls": [{"shell": "true"}]}, broken, broken, {"calls": [HANDOFF]}]
    assert quick_talk.have(steps)["reason"] == "finished"


@pytest.mark.parametrize("api", ["messages", "responses", "chat"])
def test_an_answer_that_was_cut_off_goes_on(quick_talk: Talk, api: Api) -> None:
    stop = "length" if api == "chat" else "max_tokens"
    end = quick_talk.have([{"text": "A long", "stop": stop}, {"calls": [HANDOFF]}], api)
    assert end["reason"] == "finished", end


def test_a_text_without_a_word_is_not_sent_back(quick_talk: Talk) -> None:
    end = quick_talk.have([{"text": "\n\n", "calls": [{"shell": "true"}]}, {"calls": [HANDOFF]}])
    assert end["reason"] == "finished", end
    assert quick_talk.server
    said = quick_talk.server.calls[-1].request["messages"][1]["content"]
    assert [block["type"] for block in said] == ["tool_use"]


def test_a_thought_without_a_signature_is_not_sent_back(quick_talk: Talk) -> None:
    def answer(*blocks: Data) -> Events:
        starts: list[Data] = [
            {"type": "content_block_start", "index": index, "content_block": block}
            for index, block in enumerate(blocks)
        ]
        stops: list[Data] = [{"type": "content_block_stop", "index": index} for index in range(len(blocks))]
        begin = {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}}
        return [begin, *starts, *stops, {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}]

    def use(name: str, given: Data) -> Data:
        return {"type": "tool_use", "id": name, "name": name, "input": given}

    thoughts: list[Data] = [{"type": "thinking", "thinking": "Hm.", "signature": sign} for sign in ("", "c2ln")]
    quick_talk.serve(["x"])
    with Canned(
        answer(*thoughts, use("bash", {"command": "true"})), answer(use("submit", HANDOFF["submit"]))
    ) as server:
        end = quick_talk.go_on(quick_talk.spec(base_url=server.url))
    assert end["reason"] == "finished", end
    assert server.requests[1]["messages"][1]["content"][:-1] == thoughts[1:]


def test_a_refusal_is_a_failure(quick_talk: Talk) -> None:
    assert quick_talk.have([{"text": "No.", "stop": "refusal"}])["reason"] == "failed"


def test_a_handoff_without_what_it_needs_is_not_taken(quick_talk: Talk) -> None:
    end = quick_talk.have([{"calls": [{"submit": {"whatWasImplemented": "x"}}]}, {"calls": [HANDOFF]}])
    assert "salientSummary" in quick_talk.of("output")[0]["text"]
    assert (end["reason"], end["turns"]) == ("finished", 2)
