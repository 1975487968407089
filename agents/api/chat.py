"""The Chat Completions API, streamed, as OpenAI and many other servers speak it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from openai import OpenAIError

from agents.api.mending import mended
from agents.api.responses import client_for
from agents.api.spec import Spec
from agents.api.trouble import Trouble, broken, trouble_of
from agents.api.turns import Answer, Call, Conversation, Declaration, Said, Stop, Told
from agents.api.usage import Usage

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
        self._request: dict[str, Any] = {
            "tools": [_tool(tool) for tool in tools],
            "stream_options": {"include_usage": True},
            **({"max_tokens": spec.output_tokens} if spec.output_tokens else {}),
            **({"reasoning_effort": spec.effort} if spec.effort else {}),
        }

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        """One call, from its start to the last event of its stream; a fault is handed back at once."""
        return mended(self._request, lambda: self._ask(conversation))

    def _ask(self, conversation: Conversation) -> Answer | Trouble:
        reply = _Reply()
        # As `messages` the SDK would look at every part of the conversation in every call, for seconds in long ones.
        whole = {**self._request, "messages": [self._system, *rendered(conversation)]}
        try:
            with self._create(model=self._model, messages=[], extra_body=whole, stream=True) as chunks:
                reply.take(chunk.to_dict(mode="json") for chunk in chunks)
        except (OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
            return trouble_of(error, _usage(reply.usage))
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
            return broken(_usage(self.usage))
        calls = tuple(
            Call(call["id"] or f"call_{index}", call["name"], call["arguments"]) for index, call in self.calls.items()
        )
        texts, thoughts = (self.text,) if self.text else (), (self.thought,) if self.thought else ()
        said = Said(self._raw(calls), texts, thoughts, calls)
        return Answer(said, _STOPS.get(self.stop, Stop.ENDED), _usage(self.usage))

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


def _usage(usage: Mapping[str, Any]) -> Usage | None:
    """None: not every server tells it."""
    if not usage:
        return None
    details: Mapping[str, Any] = usage.get("prompt_tokens_details") or {}
    read, written = int(details.get("cached_tokens") or 0), int(details.get("cache_write_tokens") or 0)
    fresh = int(usage.get("prompt_tokens") or 0) - read - written
    return Usage(max(0, fresh), read, written, int(usage.get("completion_tokens") or 0))
