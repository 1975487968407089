from __future__ import annotations

import json
from itertools import pairwise

import pytest

from agents.api.caller import Clock
from agents.api.loop import converse
from tests.agents.api.conftest import HANDOFF, Api, Data, Owner, Talk

APIS: list[Api] = ["messages", "responses", "chat"]
every_api = pytest.mark.parametrize("api", APIS)


@every_api
def test_a_conversation_leads_to_a_commit_and_a_handoff(talk: Talk, owner: Owner, api: Api) -> None:
    end = talk.have(
        [
            {
                "text": "First I look.",
                "thinking": "What is there?",
                "calls": [{"shell": "ls"}, {"tool": "read", "input": {"path": "a.txt"}}],
            },
            {"calls": [{"tool": "edit", "input": {"path": "a.txt", "old": "one", "new": "two"}}]},
            {"calls": [{"shell": "git commit -qam 'Write two' && git status --short"}]},
            {"calls": [HANDOFF]},
        ],
        api,
    )
    assert (end["reason"], end["turns"]) == ("finished", 4), end
    assert owner(talk.workspace, "log", "-1", "--format=%s") == "Write two"
    assert owner(talk.workspace, "show", "HEAD:a.txt") == "two"
    assert json.loads((talk.folder / "handoff.json").read_text())["salientSummary"] == "It is done."
    assert [line["tool"] for line in talk.of("call")] == ["bash", "read", "edit", "bash", "submit"]
    assert [line["id"] for line in talk.of("call")] == [line["id"] for line in talk.of("output")]
    assert talk.of("text")[0]["text"] == "First I look."


@pytest.mark.parametrize("api", ["messages", "responses"])
def test_a_long_conversation_is_read_from_the_cache(quick_talk: Talk, api: Api) -> None:
    work = {"thinking": "Let me see.", "text": "More.", "calls": [{"tool": "read", "input": {"path": "{{turn}}"}}]}
    for number in range(50):
        (quick_talk.workspace / str(number)).write_text(f"{number}\n" + "a line of text\n" * 40)
    end = quick_talk.have([*[work] * 49, {"calls": [HANDOFF]}], api)
    used = end["usage"]
    assert (end["reason"], end["turns"]) == ("finished", 50), end
    assert used["cacheRead"] / (used["input"] + used["cacheRead"] + used["cacheWrite"]) >= 0.96


def test_answers_with_many_calls_are_read_from_the_cache(quick_talk: Talk) -> None:
    calls = [{"tool": "read", "input": {"path": f"{{{{turn}}}}.{number}"}} for number in range(12)]
    end = quick_talk.have([*[{"text": "More.", "calls": calls}] * 10, {"calls": [HANDOFF]}])
    assert (end["reason"], end["turns"]) == ("finished", 11), end
    for before, after in pairwise(quick_talk.of("usage")):
        assert after["cacheRead"] == before["cacheRead"] + before["cacheWrite"]


def unmarked(request: Data) -> Data:
    """Without the breakpoints, which are no part of what is cached."""
    found: Data = json.loads(json.dumps(request).replace(', "cache_control": {"type": "ephemeral"}', ""))
    return found


def test_what_is_asked_only_grows_at_its_end(quick_talk: Talk) -> None:
    quick_talk.have([{"thinking": "Hm.", "calls": [{"shell": "echo {{turn}}"}]}] * 3 + [{"calls": [HANDOFF]}])
    assert quick_talk.server
    asked = [unmarked(call.request) for call in quick_talk.server.calls]
    for before, after in pairwise(asked):
        assert after["messages"][: len(before["messages"])] == before["messages"]
        assert {**before, "messages": []} == {**after, "messages": []}
    assert asked[-1]["messages"][1]["content"][0]["type"] == "thinking"


def test_effort_is_passed_on_where_it_is_given(quick_talk: Talk) -> None:
    steps = [{"calls": [HANDOFF]}]
    quick_talk.have(steps, effort="low")
    assert quick_talk.server
    assert quick_talk.server.calls[0].request["output_config"] == {"effort": "low"}
    quick_talk.have(steps, "responses", effort="low")
    request = quick_talk.server.calls[0].request
    assert request["reasoning"]["effort"] == "low"
    assert (request["store"], request["include"]) == (False, ["reasoning.encrypted_content"])


def test_a_model_that_is_priced_has_its_cost_in_every_line(quick_talk: Talk) -> None:
    end = quick_talk.have([{"calls": [{"shell": "true"}]}, {"calls": [HANDOFF]}], model="claude-opus-5")
    assert all(line["usd"] > 0 for line in quick_talk.of("usage"))
    assert end["usage"]["usd"] == sum(line["usd"] for line in quick_talk.of("usage"))


def test_a_bug_in_the_loop_is_an_end_of_its_own(quick_talk: Talk) -> None:
    def sleep(_seconds: float) -> None:
        raise ZeroDivisionError("no time")

    quick_talk.serve([{"calls": [{"shell": "true"}]}, {"text": "x", "fault": {"status": 500}}])
    said: list[bytes] = []
    converse(quick_talk.spec(), said.append, Clock(sleep=sleep))
    end = json.loads(said[-1])
    assert (end["reason"], end["turns"]) == ("failed", 1)
    assert "ZeroDivisionError" in end["text"]


def test_what_the_system_refuses_is_told_to_the_model(quick_talk: Talk) -> None:
    handoff, outputs = quick_talk.folder / "handoff.json", quick_talk.folder / "outputs"
    handoff.mkdir(parents=True)
    removing = {"shell": f"rm -r {outputs}"}
    end = quick_talk.have([{"calls": [HANDOFF, removing]}, {"calls": [{"shell": f"rmdir {handoff}"}, HANDOFF]}])
    assert end["reason"] == "finished", end
    refused, removed, *_ = quick_talk.of("output")
    assert refused["error"]
    assert "Is a directory" in refused["text"]
    assert removed["error"]
    assert "No such file" in removed["text"]


@every_api
def test_what_is_no_text_does_not_end_a_conversation(quick_talk: Talk, api: Api) -> None:
    (quick_talk.workspace / "latin").write_bytes(b"caf\xe9\n")
    half = {"tool": "write", "raw_input": '{"path": "half", "content": "\\ud83d"}'}
    steps: list[Data] = [{"calls": [half, {"tool": "read", "input": {"path": "latin"}}]}, {"calls": [HANDOFF]}]
    assert quick_talk.have(steps, api)["reason"] == "finished"
    assert quick_talk.of("output")[1]["text"] == "     1\tcaf\ufffd"
