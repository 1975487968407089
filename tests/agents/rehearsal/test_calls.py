"""Tool calls, stop reasons and usage as the request declares them and the script asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from agents.rehearsal.exchange import Tool
from agents.rehearsal.reply import shell_input
from agents.rehearsal.server import ModelServer
from tests.agents.rehearsal.clients import SHELL, Clients, ask_chat, ask_messages, ask_responses

Scripted = Callable[..., Clients]

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
COMMAND: dict[str, Any] = {"type": "string"}


def declared(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (declared(command=COMMAND), {"command": "ls"}),
        (declared(cmd=COMMAND), {"cmd": "ls"}),
        (declared(command={"type": "ARRAY"}), {"command": ["bash", "-c", "ls"]}),
        (
            declared(
                command=COMMAND, description=COMMAND, riskLevel={"enum": ["low", "high"]}, wait={"type": "boolean"}
            ),
            {"command": "ls", "description": "a scripted step", "riskLevel": "low", "wait": False},
        ),
        ({}, {"command": "ls"}),
    ],
)
def test_a_shell_step_fits_the_declared_shell_tool(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert shell_input(Tool("shell", schema), "ls") == expected


@pytest.mark.parametrize("name", ["bash", "Bash", "exec_command", "shell", "run_shell_command", "Execute"])
def test_any_agent_s_shell_tool_is_found(scripted: Scripted, name: str) -> None:
    clients = scripted({"calls": [{"shell": "ls"}]})
    tools = [{"name": "read", "input_schema": SHELL}, {"name": name, "input_schema": SHELL}]
    (use,) = ask_messages(clients, HELLO, tools=tools).content
    assert use.type == "tool_use"
    assert (use.name, use.input) == (name, {"command": "ls"})


def test_a_shell_step_without_a_shell_tool_is_refused_and_without_any_tool_only_its_text_is_said(
    scripted: Scripted,
) -> None:
    clients = scripted({"text": "A title", "calls": [{"shell": "ls"}]})
    with pytest.raises(anthropic.BadRequestError, match="declares none"):
        ask_messages(clients, HELLO, tools=[{"name": "read", "input_schema": SHELL}])
    answer = ask_messages(clients, HELLO, tools=[])
    assert [block.type for block in answer.content] == ["text"]
    assert answer.stop_reason == "end_turn"


def test_submit_calls_the_tool_of_that_name_with_the_prompt_s_words(scripted: Scripted) -> None:
    step = {"calls": [{"submit": {"summary": "{{what}} done", "files": ["{{what}}.py"]}}]}
    clients = scripted(step, when={"user": "(?P<what>hello)"})
    (use,) = ask_messages(clients, HELLO, tools=[{"name": "submit", "input_schema": SHELL}]).content
    assert use.type == "tool_use"
    assert (use.name, use.input) == ("submit", {"summary": "hello done", "files": ["hello.py"]})


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_kind_of_a_responses_call_follows_the_declaration(scripted: Scripted, stream: bool) -> None:
    calls = [{"tool": "patch", "input": "*** Begin"}, {"tool": "files.read", "input": {"path": "a"}}]
    namespace = {"type": "namespace", "name": "files", "description": "d", "tools": [_function("read")]}
    tools = [{"type": "custom", "name": "patch"}, namespace]
    patch, read = ask_responses(scripted({"calls": calls}), HELLO, stream=stream, tools=tools).output
    assert (patch.type, patch.name, patch.input) == ("custom_tool_call", "patch", "*** Begin")
    assert (read.type, read.namespace, read.name) == ("function_call", "files", "read")
    assert json.loads(read.arguments) == {"path": "a"}


def _function(name: str) -> dict[str, Any]:
    return {"type": "function", "name": name, "parameters": SHELL}


def test_a_custom_tool_of_chat_is_called_as_one(scripted: Scripted) -> None:
    clients = scripted({"calls": [{"tool": "patch", "raw_input": "*** Begin"}]})
    answer = ask_chat(clients, HELLO, tools=[{"type": "custom", "custom": {"name": "patch"}}])
    (call,) = answer.choices[0].message.tool_calls
    assert (call.type, call.custom.input) == ("custom", "*** Begin")


def test_a_raw_input_arrives_as_it_is(scripted: Scripted) -> None:
    clients = scripted({"calls": [{"tool": "bash", "raw_input": '{"command": "ls'}], "stop": "max_tokens"})
    streamed = clients.messages.messages.create(
        model="m", max_tokens=9, messages=HELLO, tools=[{"name": "bash", "input_schema": SHELL}], stream=True
    )
    deltas = [event.delta for event in streamed if event.type == "content_block_delta"]
    assert "".join(delta.partial_json for delta in deltas if delta.type == "input_json_delta") == '{"command": "ls'
    response = ask_responses(clients, HELLO)
    assert response.output[0].arguments == '{"command": "ls'
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    choice = ask_chat(clients, HELLO).choices[0]
    assert (choice.finish_reason, choice.message.tool_calls[0].function.arguments) == ("length", '{"command": "ls')


def test_gemini_says_that_a_call_was_malformed(scripted: Scripted) -> None:
    clients = scripted({"calls": [{"tool": "bash", "raw_input": '{"command": "ls'}]})
    tools = [{"functionDeclarations": [{"name": "bash", "parameters": SHELL}]}]
    (candidate,) = clients.gemini({"contents": [{"parts": [{"text": "hello"}]}], "tools": tools}).json()["candidates"]
    assert candidate["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert candidate["content"]["parts"] == []


def test_usage_may_be_anything_the_script_says(scripted: Scripted) -> None:
    clients = scripted({"text": "x", "usage": {"input": 5, "cache_read": 190_000, "cache_write": 7, "output": 3}})
    for stream in (False, True):
        usage = ask_messages(clients, HELLO, stream=stream).usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (5, 190_000, 7)
        assert usage.output_tokens == 3
    details = ask_responses(clients, HELLO).usage
    assert (details.input_tokens, details.input_tokens_details.cached_tokens) == (190_012, 190_000)
    assert ask_chat(clients, HELLO, stream=True).usage.prompt_tokens == 190_012


def test_thinking_comes_before_the_text(scripted: Scripted) -> None:
    clients = scripted({"thinking": "first", "text": "then"})
    for stream in (False, True):
        assert [block.type for block in ask_messages(clients, HELLO, stream=stream).content] == ["thinking", "text"]
        assert ask_responses(clients, HELLO, stream=stream).output[0].summary[0].text == "first"


@pytest.mark.parametrize("text", ["", " \n"])
def test_anthropic_refuses_a_text_without_a_word(scripted: Scripted, text: str) -> None:
    said = [{"type": "text", "text": "hello"}, {"type": "text", "text": text}]
    with pytest.raises(anthropic.BadRequestError, match="non-whitespace text"):
        ask_messages(scripted("never"), [{"role": "user", "content": said}])


def test_a_call_without_its_result_is_refused_by_every_provider(scripted: Scripted) -> None:
    clients = scripted("never")
    use: dict[str, Any] = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "a", "name": "bash", "input": {}}],
    }
    with pytest.raises(anthropic.BadRequestError, match="without `tool_result`"):
        ask_messages(clients, [*HELLO, use, *HELLO])
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]}
    with pytest.raises(anthropic.BadRequestError, match="unexpected `tool_use_id`"):
        ask_messages(clients, [result])
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        ask_responses(clients, [{"type": "function_call", "call_id": "a", "name": "bash", "arguments": "{}"}])
    function = {"id": "a", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    with pytest.raises(openai.BadRequestError, match="must be followed by tool messages"):
        ask_chat(clients, [*HELLO, {"role": "assistant", "tool_calls": [function]}, *HELLO])


def test_the_sdk_s_own_loop_may_leave_the_conversation_to_the_server(
    serve: Callable[..., ModelServer], connect: Callable[[ModelServer], Clients]
) -> None:
    @anthropic.beta_tool
    def bash(command: str) -> str:
        """Run a command."""
        return f"ran {command}"

    server = serve({"steps": [{"calls": [{"shell": "ls"}]}, "{{tool_result}} for {{user}}"]})
    runner = connect(server).messages.beta.messages.tool_runner(
        model="m", max_tokens=99, tools=[bash], messages=[{"role": "user", "content": "hello"}]
    )
    last = runner.until_done()
    assert [block.text for block in last.content if block.type == "text"] == ["ran ls for hello"]
    assert len(server.calls[1].request["messages"]) == 1


def test_models_are_listed(scripted: Scripted) -> None:
    clients = scripted("x")
    assert [model.id for model in clients.messages.models.list()] == ["scripted-1"]
    assert [model.id for model in clients.openai.models.list()] == ["scripted-1"]
    assert clients.openai.models.retrieve("any").id == "any"


def test_plain_http_is_answered_too(scripted: Scripted) -> None:
    clients = scripted("hi")
    chat = f"{clients.url}/v1/chat/completions"
    body = json.dumps({"messages": HELLO}).encode()
    assert "hi" in clients.http.post(chat, content=iter([body[:9], body[9:]])).text
    assert clients.http.post(chat, content="{").status_code == 400
    assert clients.http.post(chat, json={"messages": ["?"]}).status_code == 400
    assert clients.http.post(f"{clients.url}/v1/telemetry", json={}).status_code == 404
    assert clients.http.head(clients.url).status_code == 200
