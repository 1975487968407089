"""Where a conversation stands follows from the request alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import pytest

from agents.rehearsal.server import ModelServer
from tests.agents.rehearsal.clients import LOOPS, Clients, Talk, ask_messages, messages_loop

Serve = Callable[..., ModelServer]
Connect = Callable[[ModelServer], Clients]
Scripted = Callable[..., Clients]

TWO_COMMANDS: dict[str, Any] = {
    "when": {"user": r"Fix (?P<file>\S+)"},
    "steps": [
        {"text": "Looking.", "thinking": "First the file.", "calls": [{"shell": "cat {{file}}"}]},
        {"calls": [{"shell": "step {{step}} of {{file}}"}, {"shell": "turn {{turn}}"}]},
        "Saw {{tool_result}} after {{user}}",
    ],
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def said(clients: Clients, *turns: dict[str, Any], **more: Any) -> str:
    return "".join(block.text for block in ask_messages(clients, list(turns), **more).content if block.type == "text")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("api", LOOPS)
def test_a_tool_loop_goes_through_the_steps(serve: Serve, connect: Connect, api: str, stream: bool) -> None:
    server = serve(TWO_COMMANDS)
    talk = LOOPS[api](connect(server), "Fix a.py", stream)
    assert talk.commands == ["cat a.py", "step 2 of a.py", "turn 2"]
    assert talk.texts[-1] == "Saw output of turn 2 after Fix a.py"
    assert [(call.turn, call.step, call.status, call.stream) for call in server.calls] == [
        (turn, turn, 200, stream) for turn in (1, 2, 3)
    ]
    assert len({call.conversation for call in server.calls}) == 1


def test_parallel_conversations_do_not_disturb_each_other(serve: Serve, connect: Connect) -> None:
    server = serve(TWO_COMMANDS)
    clients = connect(server)

    def talk(number: int) -> Talk:
        return messages_loop(clients, f"Fix {number}.py", number % 2 == 0)

    with ThreadPoolExecutor(8) as pool:
        talks = list(pool.map(talk, range(16)))
    expected = [[f"cat {number}.py", f"step 2 of {number}.py", "turn 2"] for number in range(16)]
    assert [talk.commands for talk in talks] == expected
    assert len({call.conversation for call in server.calls}) == 16


def test_a_request_sent_again_gets_the_same_answer(scripted: Scripted) -> None:
    clients = scripted("one", "two")
    assert [said(clients, user("hi"), assistant("one"), user("go on")) for _ in range(2)] == ["two", "two"]


def test_steps_are_counted_from_the_last_prompt_and_what_is_injected_between_does_not_count(scripted: Scripted) -> None:
    clients = scripted("{{step}} of turn {{turn}}", when={"user": "Fix"})
    turns = [user("environment"), user("Fix a"), assistant("x"), user("reminder"), assistant("y"), user("reminder")]
    assert said(clients, *turns) == "3 of turn 3"
    assert said(clients, *turns, assistant("z"), user("Fix b"), assistant("x"), user("hm")) == "2 of turn 5"


def test_after_the_last_step_it_is_repeated_or_the_text_for_then_comes(scripted: Scripted) -> None:
    turns = [user("a"), assistant("b"), user("c")]
    assert said(scripted("again"), *turns) == "again"
    assert said(scripted("once", then="over"), *turns) == "over"


def test_the_script_whose_prompt_came_last_answers(serve: Serve, connect: Connect) -> None:
    first = {"when": {"user": "Plan"}, "steps": ["planned"]}
    second = {"when": {"user": "Build"}, "steps": ["built"]}
    anything = {"steps": ["anything"]}
    clients = connect(serve(first, second, anything))
    assert said(clients, user("Plan")) == "planned"
    assert said(clients, user("Plan"), assistant("planned"), user("Build")) == "built"
    assert said(clients, user("hello")) == "anything"


def test_a_script_may_ask_for_a_model_and_a_key(serve: Serve, connect: Connect) -> None:
    by_model = {"when": {"model": "small"}, "steps": ["small"]}
    by_key = {"when": {"key": "run-(?P<run>\\d+)"}, "steps": ["run {{run}}"]}
    clients = connect(serve(by_model, by_key))
    assert said(clients, user("hi"), model="the-small-one") == "small"
    assert said(clients.with_key("run-7"), user("hi")) == "run 7"


def test_a_request_that_no_script_answers_is_refused_and_logged(serve: Serve, connect: Connect) -> None:
    server = serve({"when": {"user": "Fix"}, "steps": ["x"]})
    with pytest.raises(anthropic.BadRequestError, match="no script answers"):
        said(connect(server), user("hello"))
    assert [(call.script, call.status) for call in server.calls] == [("", 400)]


def test_the_log_has_a_call_before_its_client_has_the_answer(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    server = serve({"name": "greeting", "steps": [{"text": "hi {{nobody}}", "usage": {"output": 77}}]}, log=log)
    clients = connect(server).with_key("key-1")
    assert said(clients, user("hello")) == "hi {{nobody}}"
    (call,) = server.calls
    assert (call.api, call.model, call.key, call.script) == ("messages", "scripted-1", "key-1", "greeting")
    assert call.request["messages"] == [user("hello")]
    assert call.usage is not None
    assert call.usage.output == 77
    assert '"greeting"' in log.read_text()
