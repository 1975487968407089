"""The Chat Completions API, streamed, as OpenAI and many other servers speak it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from openai import OpenAIError

from agents.api.responses import client_for
from agents.api.spec import Spec
from agents.api.trouble import Trouble, broken, trouble_of
from agents.api.turns import Answer, Call, Conversation, Declaration, Said, Stop, Told
from agents.api.usage import Usage, openai_usage

_STOPS = {
    "tool_calls": Stop.CALLS,
    "stop": Stop.ENDED,
    "length": Stop.LENGTH,
    "content_filter": Stop.REFUSED,
}


class ChatApi:
    def __init__(self, spec: Spec, system: str, tools: Sequence[Declaration]) -> None:
        self._client = client_for(spec)
        self._create = cast(Any, self._client.chat.completions.create)
        self._model = spec.model
        self._system = {"role": "system", "content": system}
        self.request: dict[str, Any] = {
            "tools": [_tool(tool) for tool in tools],
            "stream_options": {"include_usage": True},
            **({"max_tokens": spec.output_tokens} if spec.output_tokens else {}),
            **({"reasoning_effort": spec.effort} if spec.effort else {}),
        }

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        reply = _Reply()
        # As `messages` the SDK would look at every part of the conversation in every call, for seconds in long ones.
        whole = {**self.request, "messages": [self._system, *rendered(conversation)]}
        try:
            with self._create(model=self._model, messages=[], extra_body=whole, stream=True) as chunks:
                reply.take(chunk.to_dict(mode="json") for chunk in chunks)
        except (OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
            return trouble_of(error, reply.told)
        return reply.answer()

    def close(self) -> None:
        self._client.close()


def _tool(tool: Declaration) -> dict[str, Any]:
    declared = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": declared}


def rendered(conversation: Conversation) -> list[Mapping[str, Any]]:
    """The conversation in the API's words; what was sent before stays the same when more is added."""
    return [message for turn in conversation for message in (turn.raw if isinstance(turn, Said) else _told(turn))]


def _told(turn: Told) -> Iterable[dict[str, Any]]:
    for result in turn.results:
        yield {"role": "tool", "tool_call_id": result.id, "content": result.text}
    if turn.texts:
        yield {"role": "user", "content": "\n\n".join(turn.texts)}


@dataclass
class _Reply:
    text: str = ""
    thought: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    stop: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def take(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        for chunk in chunks:
            self.usage = chunk.get("usage") or self.usage
            for choice in chunk.get("choices") or ():
                self.stop = choice.get("finish_reason") or self.stop
                self._grow(choice.get("delta") or {})

    def _grow(self, delta: Mapping[str, Any]) -> None:
        self.text += delta.get("content") or ""
        self.thought += delta.get("reasoning_content") or ""
        for part in delta.get("tool_calls") or ():
            call = self.calls.setdefault(part.get("index", len(self.calls)), {"id": "", "name": "", "arguments": ""})
            function: Mapping[str, Any] = part.get("function") or {}
            call["id"] = part.get("id") or call["id"]
            call["name"] = function.get("name") or call["name"]
            call["arguments"] += function.get("arguments") or ""

    def answer(self) -> Answer | Trouble:
        if self.stop is None:
            return broken(self.told)
        calls = tuple(
            Call(call["id"] or f"call_{index}", call["name"], call["arguments"]) for index, call in self.calls.items()
        )
        texts, thoughts = (self.text,) if self.text else (), (self.thought,) if self.thought else ()
        said = Said(self._raw(calls), texts, thoughts, calls)
        return Answer(said, _STOPS.get(self.stop, Stop.ENDED), self.told)

    @property
    def told(self) -> Usage | None:
        return openai_usage(self.usage, "prompt", "completion")

    def _raw(self, calls: Sequence[Call]) -> tuple[dict[str, Any], ...]:
        """Servers may refuse a message of nothing, and calls whose arguments are not JSON."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.thought:
            message["reasoning_content"] = self.thought
        if calls:
            message["tool_calls"] = [_returned(call) for call in calls]
        return (message,) if self.text or calls else ()


def _returned(call: Call) -> dict[str, Any]:
    arguments = "{}" if call.input is None else call.text
    return {"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}
