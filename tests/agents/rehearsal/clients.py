"""The providers' own clients, each driving a tool loop against the scripted server.

Conversations go as `extra_body`: what the clients do to them otherwise takes up to 10 ms an item in each call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx
import openai

SHELL: dict[str, Any] = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


@dataclass
class Talk:
    """What a loop saw."""

    texts: list[str] = field(default_factory=list[str])
    commands: list[str] = field(default_factory=list[str])
    usages: list[Any] = field(default_factory=list[Any])


@dataclass(frozen=True)
class Clients:
    """Clients of one server; they share connections, and never retry."""

    url: str
    messages: anthropic.Anthropic
    openai: openai.OpenAI
    http: httpx.Client

    def with_key(self, key: str) -> Clients:
        messages, responses = self.messages.with_options(api_key=key), self.openai.with_options(api_key=key)
        return Clients(self.url, messages, responses, self.http)

    def gemini(self, body: dict[str, Any], verb: str = "generateContent") -> httpx.Response:
        address = f"{self.url}/v1beta/models/scripted-1:{verb}"
        return self.http.post(address, json=body, headers={"x-goog-api-key": "key"})


Loop = Callable[[Clients, str, bool], Talk]


def echo(command: str) -> str:
    """What the tool of these loops prints."""
    return f"output of {command}"


def ask_messages(clients: Clients, turns: list[Any], *, stream: bool = False, **more: Any) -> Any:
    tools: list[Any] = [{"name": "bash", "input_schema": SHELL}]
    asked: dict[str, Any] = {"model": "scripted-1", "max_tokens": 1000, "messages": [], "tools": tools, **more}
    asked["extra_body"] = {"messages": turns}
    api: Any = clients.messages.messages
    if not stream:
        return api.create(**asked)
    with api.stream(**asked) as streamed:
        return streamed.get_final_message()


def messages_loop(clients: Clients, prompt: str, stream: bool, **more: Any) -> Talk:
    talk, turns = Talk(), list[Any]([{"role": "user", "content": prompt}])
    while True:
        answer = ask_messages(clients, turns, stream=stream, **more)
        talk.usages.append(answer.usage)
        talk.texts += [block.text for block in answer.content if block.type == "text"]
        uses = [block for block in answer.content if block.type == "tool_use"]
        if answer.stop_reason != "tool_use":
            return talk
        talk.commands += [str(use.input["command"]) for use in uses]
        results = [
            {"type": "tool_result", "tool_use_id": use.id, "content": echo(use.input["command"])} for use in uses
        ]
        turns += [
            {"role": "assistant", "content": [block.to_dict() for block in answer.content]},
            {"role": "user", "content": results},
        ]


def ask_responses(clients: Clients, items: list[Any], *, stream: bool = False, **more: Any) -> Any:
    tools: list[Any] = [{"type": "function", "name": "exec_command", "parameters": SHELL}]
    asked: dict[str, Any] = {"model": "scripted-1", "input": [], "tools": tools, **more}
    asked["extra_body"] = {"input": items}
    api: Any = clients.openai.responses
    if not stream:
        return api.create(**asked)
    with api.stream(**asked) as streamed:
        return streamed.get_final_response()


def responses_loop(clients: Clients, prompt: str, stream: bool, **more: Any) -> Talk:
    talk, items = Talk(), list[Any]([{"role": "user", "content": prompt}])
    while True:
        answer = ask_responses(clients, items, stream=stream, **more)
        talk.usages.append(answer.usage)
        talk.texts += [answer.output_text] if answer.output_text else []
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return talk
        talk.commands += [json.loads(call.arguments)["command"] for call in calls]
        items += [item.to_dict() for item in answer.output]
        items += [_output(call.call_id, call.arguments) for call in calls]


def _output(call: str, arguments: str) -> dict[str, str]:
    return {"type": "function_call_output", "call_id": call, "output": echo(json.loads(arguments)["command"])}


def kept_loop(clients: Clients, prompt: str, stream: bool) -> Talk:
    """Responses with the conversation kept by the server."""
    talk = Talk()
    items: list[Any] = [{"role": "user", "content": prompt}]
    more: dict[str, Any] = {}
    while True:
        answer = ask_responses(clients, items, stream=stream, **more)
        talk.texts += [answer.output_text] if answer.output_text else []
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return talk
        talk.commands += [json.loads(call.arguments)["command"] for call in calls]
        more, items = {"previous_response_id": answer.id}, [_output(call.call_id, call.arguments) for call in calls]


def ask_chat(clients: Clients, turns: list[Any], *, stream: bool = False, **more: Any) -> Any:
    tools: list[Any] = [{"type": "function", "function": {"name": "bash", "parameters": SHELL}}]
    asked: dict[str, Any] = {"model": "scripted-1", "messages": [], "tools": tools, **more}
    asked["extra_body"] = {"messages": turns}
    api: Any = clients.openai.chat.completions
    if not stream:
        return api.create(**asked)
    with api.stream(**asked, stream_options={"include_usage": True}) as streamed:
        return streamed.get_final_completion()


def chat_loop(clients: Clients, prompt: str, stream: bool, **more: Any) -> Talk:
    talk, turns = Talk(), list[Any]([{"role": "user", "content": prompt}])
    while True:
        answer = ask_chat(clients, turns, stream=stream, **more)
        talk.usages.append(answer.usage)
        message = answer.choices[0].message
        talk.texts += [message.content] if message.content else []
        if answer.choices[0].finish_reason != "tool_calls":
            return talk
        commands = [json.loads(call.function.arguments)["command"] for call in message.tool_calls]
        talk.commands += commands
        turns.append(message.to_dict())
        for call, command in zip(message.tool_calls, commands, strict=True):
            turns.append({"role": "tool", "tool_call_id": call.id, "content": echo(command)})


def gemini_loop(clients: Clients, prompt: str, stream: bool) -> Talk:
    talk, turns = Talk(), list[Any]([{"role": "user", "parts": [{"text": prompt}]}])
    tools = [{"functionDeclarations": [{"name": "run_shell_command", "parametersJsonSchema": SHELL}]}]
    while True:
        parts = _gemini_parts(clients, {"contents": turns, "tools": tools}, stream)
        text = "".join(part["text"] for part in parts if "text" in part)
        talk.texts += [text] if text else []
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        if not calls:
            return talk
        talk.commands += [call["args"]["command"] for call in calls]
        results = [{"name": call["name"], "response": {"output": echo(call["args"]["command"])}} for call in calls]
        turns.append({"role": "model", "parts": parts})
        turns.append({"role": "user", "parts": [{"functionResponse": result} for result in results]})


def _gemini_parts(clients: Clients, body: dict[str, Any], stream: bool) -> Any:
    if not stream:
        return clients.gemini(body).json()["candidates"][0]["content"]["parts"]
    lines = clients.gemini(body, "streamGenerateContent?alt=sse").text.splitlines()
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    return [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]


LOOPS: dict[str, Loop] = {
    "messages": messages_loop,
    "responses": responses_loop,
    "previous_response_id": kept_loop,
    "chat": chat_loop,
    "gemini": gemini_loop,
}
