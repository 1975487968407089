"""Anthropic's Messages API, streamed; the cache's breakpoint moves to the end of each call by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from anthropic import Anthropic, AnthropicError

from agents.api.spec import Spec
from agents.api.trouble import Trouble, broken, trouble_of
from agents.api.turns import Answer, Call, Conversation, Declaration, Said, Stop, Told, Usage

_STOPS = {
    "tool_use": Stop.CALLS,
    "end_turn": Stop.ENDED,
    "stop_sequence": Stop.ENDED,
    "max_tokens": Stop.LENGTH,
    "pause_turn": Stop.LENGTH,
    "model_context_window_exceeded": Stop.OVERFLOW,
    "refusal": Stop.REFUSED,
}
_PARTS = {
    "text": ("text",),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
    "tool_use": ("id", "name", "input"),
}
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class MessagesApi:
    def __init__(self, spec: Spec, system: str, tools: Sequence[Declaration]) -> None:
        self._client = Anthropic(
            api_key=spec.key, base_url=spec.base_url, max_retries=0, timeout=httpx2.Timeout(spec.silence, connect=20)
        )
        self._create = cast(Any, self._client.messages.create)
        self._request: dict[str, Any] = {
            "model": spec.model,
            "max_tokens": spec.output_tokens,
            "system": system,
            "tools": [{"name": t.name, "description": t.description, "input_schema": t.schema} for t in tools],
            "cache_control": {"type": "ephemeral"},
            **_effort(spec.effort),
        }

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        """One call, from its start to the last event of its stream; tried once."""
        reply = _Reply()
        try:
            with self._create(**self._request, messages=rendered(conversation), stream=True) as events:
                reply.take(event.to_dict(mode="json") for event in events)
        except (AnthropicError, httpx2.HTTPError, json.JSONDecodeError) as error:
            return trouble_of(error)
        return reply.answer()

    def close(self) -> None:
        self._client.close()


def _effort(effort: str | None) -> dict[str, Any]:
    return {"output_config": {"effort": effort}, "thinking": {"type": "adaptive"}} if effort else {}


def rendered(conversation: Conversation) -> list[dict[str, Any]]:
    """The conversation in the API's words; what was sent before stays the same when more is added."""
    return [_rendered(turn) for turn in conversation]


def _rendered(turn: Said | Told) -> dict[str, Any]:
    if isinstance(turn, Said):
        return {"role": "assistant", "content": list(turn.raw)}
    results = [
        {"type": "tool_result", "tool_use_id": r.id, "content": r.text} | ({"is_error": True} if r.error else {})
        for r in turn.results
    ]
    return {"role": "user", "content": [*results, *({"type": "text", "text": text} for text in turn.texts)]}


@dataclass
class _Block:
    """A part of an answer while it arrives. The SDK would complete malformed JSON, so it is collected here."""

    content: dict[str, Any]
    json: str = ""
    closed: bool = False

    def grow(self, delta: Mapping[str, Any]) -> None:
        if delta.get("type") == "input_json_delta":
            self.json += delta.get("partial_json", "")
        elif name := _GROWING.get(str(delta.get("type"))):
            self.content[name] = self.content.get(name, "") + delta.get(name, "")

    @property
    def call(self) -> Call | None:
        if self.content.get("type") != "tool_use":
            return None
        text = self.json or json.dumps(self.content.get("input") or {})
        return Call(str(self.content["id"]), str(self.content["name"]), text if self.closed else f"{text}…")

    @property
    def raw(self) -> dict[str, Any] | None:
        """As it may be given back: whole, and with an input that is an object."""
        kind = str(self.content.get("type"))
        if call := self.call:
            return {"type": kind, "id": call.id, "name": call.tool, "input": call.input or {}}
        if (kind == "text" and not self.content.get("text")) or (kind != "text" and not self.closed):
            return None
        return {"type": kind} | {name: self.content.get(name, "") for name in _PARTS.get(kind, self.content)}


@dataclass
class _Reply:
    blocks: dict[int, _Block] = field(default_factory=dict[int, _Block])
    usage: dict[str, Any] = field(default_factory=dict[str, Any])
    stop: str | None = None

    def take(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            match event.get("type"):
                case "message_start":
                    self._count(event["message"].get("usage"))
                case "content_block_start":
                    self.blocks[event["index"]] = _Block(dict(event["content_block"]))
                case "content_block_delta":
                    self.blocks[event["index"]].grow(event["delta"])
                case "content_block_stop":
                    self.blocks[event["index"]].closed = True
                case "message_delta":
                    self.stop = event["delta"].get("stop_reason") or self.stop
                    self._count(event.get("usage"))
                case _:
                    pass

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Later numbers of one call replace earlier ones."""
        self.usage |= {name: value for name, value in (usage or {}).items() if value is not None}

    def answer(self) -> Answer | Trouble:
        if self.stop is None:
            return broken("the stream ended before the answer was complete")
        return Answer(self._said(), _STOPS.get(self.stop, Stop.ENDED), self._usage())

    def _said(self) -> Said:
        blocks = [self.blocks[index] for index in sorted(self.blocks)]
        contents = [block.content for block in blocks]
        return Said(
            raw=tuple(raw for block in blocks if (raw := block.raw)),
            texts=tuple(str(c["text"]) for c in contents if c.get("type") == "text" and c.get("text")),
            thoughts=tuple(str(c["thinking"]) for c in contents if c.get("type") == "thinking" and c.get("thinking")),
            calls=tuple(call for block in blocks if (call := block.call)),
        )

    def _usage(self) -> Usage:
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        return Usage(*(int(self.usage.get(name, 0)) for name in names))
