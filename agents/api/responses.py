"""OpenAI's Responses API, streamed and stateless: nothing is stored there, every call carries the conversation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import httpx2
from openai import OpenAI, OpenAIError

from agents.api.sizes import longest_answer
from agents.api.spec import Spec
from agents.api.trouble import Trouble, broken, classify, trouble_of
from agents.api.turns import Answer, Call, Conversation, Declaration, Said, Stop, Told
from agents.api.usage import openai_usage

_LAST = {"response.completed", "response.incomplete", "response.failed", "error"}


class ResponsesApi:
    def __init__(self, spec: Spec, system: str, tools: Sequence[Declaration]) -> None:
        self._client = client_for(spec)
        self._create = cast(Any, self._client.responses.create)
        self.request: dict[str, Any] = {
            "model": spec.model,
            "instructions": system,
            "tools": [_tool(tool) for tool in tools],
            "max_output_tokens": longest_answer(spec),
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": hashlib.sha256(f"{spec.session}\n{spec.prompt}".encode()).hexdigest()[:32],
            **({"reasoning": {"effort": spec.effort, "summary": "auto"}} if spec.effort else {}),
        }

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        # As `input` the SDK would look at every part of the conversation in every call, for seconds in long ones.
        whole = {**self.request, "input": rendered(conversation)}
        try:
            with self._create(extra_body=whole, stream=True) as events:
                return _answer(event.to_dict(mode="json") for event in events)
        except (OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
            return trouble_of(error)

    def close(self) -> None:
        self._client.close()


def client_for(spec: Spec) -> OpenAI:
    """A client that tries once, and gives up when the line is silent for too long."""
    timeout = httpx2.Timeout(spec.silence, connect=20)
    return OpenAI(api_key=spec.key, base_url=spec.base_url, max_retries=0, timeout=timeout)


def _tool(tool: Declaration) -> dict[str, Any]:
    declared = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "strict": False, **declared}


def rendered(conversation: Conversation) -> list[Mapping[str, Any]]:
    """The conversation in the API's words; what was sent before stays the same when more is added."""
    return [item for turn in conversation for item in (turn.raw if isinstance(turn, Said) else _told(turn))]


def _told(turn: Told) -> Iterable[dict[str, Any]]:
    for result in turn.results:
        yield {"type": "function_call_output", "call_id": result.id, "output": result.text}
    if turn.texts:
        yield {"role": "user", "content": [{"type": "input_text", "text": text} for text in turn.texts]}


def _answer(events: Iterable[Mapping[str, Any]]) -> Answer | Trouble:
    items: list[dict[str, Any]] = []
    for event in events:
        if event.get("type") == "response.output_item.done":
            items.append(event["item"])
        if event.get("type") in _LAST:
            return _ended(event, items)
    return broken()


def _ended(event: Mapping[str, Any], items: list[dict[str, Any]]) -> Answer | Trouble:
    response: Mapping[str, Any] = event.get("response") or {}
    usage = openai_usage(response.get("usage"))
    if event["type"] in ("error", "response.failed"):
        error: Mapping[str, Any] = response.get("error") or event.get("error") or event
        reason = str(error.get("message") or "no reason given")
        trouble = classify(None, str(error.get("code") or ""), reason, said=error)
        return replace(trouble, usage=usage)
    items = response.get("output") or items
    if response.get("status") == "completed":
        said = _said(items)
        return Answer(said, Stop.CALLS if said.calls else Stop.ENDED, usage)
    details: Mapping[str, Any] = response.get("incomplete_details") or {}
    stop = Stop.REFUSED if details.get("reason") == "content_filter" else Stop.LENGTH
    return Answer(_said(items, cut=True), stop, usage)


def _said(items: Sequence[dict[str, Any]], *, cut: bool = False) -> Said:
    texts = [part.get("text") for item in items for part in item.get("content") or () if item["type"] == "message"]
    thoughts = [part.get("text") for item in items for part in item.get("summary") or ()]
    return Said(
        raw=tuple(raw for item in items if (raw := _returned(item, cut=cut))),
        texts=tuple(str(text) for text in texts if text),
        thoughts=tuple(str(text) for text in thoughts if text),
        calls=tuple(_call(item, cut=cut) for item in items if item["type"] == "function_call"),
    )


def _call(item: Mapping[str, Any], *, cut: bool) -> Call:
    return Call(str(item["call_id"]), str(item["name"]), str(item.get("arguments") or "") + ("…" if cut else ""))


def _returned(item: dict[str, Any], *, cut: bool) -> dict[str, Any] | None:
    """An item as it may be given back. Of an answer that was cut off, the reasoning is of no use to anybody."""
    if item["type"] == "function_call":
        call = _call(item, cut=cut)
        item = item | ({} if call.input is not None else {"arguments": "{}"})
    if not cut:
        return item
    whole = {name: value for name, value in item.items() if name not in ("id", "status")}
    return None if item["type"] == "reasoning" else whole
