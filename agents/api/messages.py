"""Anthropic's Messages API, streamed; one breakpoint of the cache moves to the end of each call by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from anthropic import Anthropic, AnthropicError

from agents.api.sizes import longest_answer
from agents.api.spec import Spec
from agents.api.trouble import Trouble, broken, trouble_of
from agents.api.turns import Answer, Call, Conversation, Declaration, Said, Stop, Told
from agents.api.usage import Usage

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
_CACHED = {"type": "ephemeral"}
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class MessagesApi:
    def __init__(self, spec: Spec, system: str, tools: Sequence[Declaration]) -> None:
        self._client = Anthropic(
            api_key=spec.key, base_url=spec.base_url, max_retries=0, timeout=httpx2.Timeout(spec.silence, connect=20)
        )
        self._create = cast(Any, self._client.messages.create)
        self.request: dict[str, Any] = {
            "model": spec.model,
            "max_tokens": longest_answer(spec),
            "system": [{"type": "text", "text": system, "cache_control": _CACHED}],
            "tools": [{"name": t.name, "description": t.description, "input_schema": t.schema} for t in tools],
            "cache_control": _CACHED,
            **_effort(spec.effort),
        }

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        reply = _Reply()
        try:
            with self._create(**self.request, messages=rendered(conversation), stream=True) as events:
                reply.take(event.to_dict(mode="json") for event in events)
        except (AnthropicError, httpx2.HTTPError, json.JSONDecodeError) as error:
            return trouble_of(error, reply.told)
        return reply.answer()

    def close(self) -> None:
        self._client.close()


def _effort(effort: str | None) -> dict[str, Any]:
    return {"output_config": {"effort": effort}, "thinking": {"type": "adaptive"}} if effort else {}


def rendered(conversation: Conversation) -> list[dict[str, Any]]:
    """The conversation in the API's words; what was sent before stays the same when more is added.

    From a breakpoint the provider looks only few blocks back, fewer than an answer with many calls may have: the
    places where the two calls before ended, up to which the cache was written then, are breakpoints of their own.
    """
    messages = [_rendered(turn) for turn in conversation]
    ours = [message for message in messages if message["role"] == "user"]
    for message in ours[-3:-1]:
        message["content"][-1]["cache_control"] = _CACHED
    return messages


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
        """As it may be given back: whole, signed, with an input that is an object, and no text without a word."""
        kind = str(self.content.get("type"))
        if call := self.call:
            return {"type": kind, "id": call.id, "name": call.tool, "input": call.input or {}}
        if kind == "text" and not str(self.content.get("text") or "").strip():
            return None
        if kind != "text" and not self.closed:
            return None
        if kind == "thinking" and not self.content.get("signature"):
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
            return broken(self.told)
        return Answer(self._said(), _STOPS.get(self.stop, Stop.ENDED), self.told)

    def _said(self) -> Said:
        blocks = [self.blocks[index] for index in sorted(self.blocks)]
        contents = [block.content for block in blocks]
        return Said(
            raw=tuple(raw for block in blocks if (raw := block.raw)),
            texts=tuple(str(c["text"]) for c in contents if c.get("type") == "text" and c.get("text")),
            thoughts=tuple(str(c["thinking"]) for c in contents if c.get("type") == "thinking" and c.get("thinking")),
            calls=tuple(call for block in blocks if (call := block.call)),
        )

    @property
    def told(self) -> Usage | None:
        """The usage, as far as the provider told it."""
        if not self.usage:
            return None
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        return Usage(*(int(self.usage.get(name, 0)) for name in names))
