"""OpenAI's Responses protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from agents.rehearsal.exchange import (
    Asked,
    Data,
    History,
    Prefix,
    Problem,
    Reply,
    Said,
    Tool,
    ToolCall,
    canonical,
    entries,
    event,
    plain_text,
)
from agents.rehearsal.pairing import unpaired_items
from agents.rehearsal.responses_stream import item_events

_INCOMPLETE = {"max_tokens": "max_output_tokens", "length": "max_output_tokens", "refusal": "content_filter"}


@dataclass(frozen=True)
class ResponsesApi:
    """`/v1/responses`, with conversations kept by the server (`previous_response_id`)."""

    name: str = "responses"

    def read(self, body: Data, history: History, /) -> Asked | Problem:
        """Refuses unknown previous responses, and calls without outputs."""
        previous = body.get("previous_response_id")
        if previous and previous not in history:
            message = f"Previous response with id '{previous}' not found."
            return Problem(400, "invalid_request_error", "previous_response_not_found", message, "previous_response_id")
        turns = [*(history[previous] if previous else []), *_items(body.get("input"))]
        return unpaired_items(turns) or Asked(
            model=str(body.get("model", "")),
            said=tuple(_said(item) for item in turns),
            tools=tuple(_tools([*entries(body, "tools"), *_tools_in(turns)])),
            prefix=_prefix(body, turns),
            stream=bool(body.get("stream")),
            turns=turns,
            session=str(body.get("prompt_cache_key") or ""),
        )

    def whole(self, reply: Reply, body: Data, /) -> Data:
        reason = None if reply.stop is None else _INCOMPLETE.get(reply.stop, reply.stop)
        return {
            **self._response(reply, body, status="incomplete" if reason else "completed"),
            "output": self.turns(reply),
            "incomplete_details": {"reason": reason} if reason else None,
            "usage": _usage(reply),
        }

    def _response(self, reply: Reply, body: Data, *, status: str) -> Data:
        return {
            "id": self.identify(reply),
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "model": reply.model,
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": entries(body, "tools"),
            "usage": None,
        }

    def failed(self, reply: Reply, body: Data, problem: Problem) -> Data:
        """The answer that says it failed."""
        error = {"code": problem.code or problem.type, "message": problem.message}
        return {**self._response(reply, body, status="failed"), "error": error}

    def failed_event(self, reply: Reply, body: Data, problem: Problem) -> bytes:
        """The same in a stream."""
        data = {"type": "response.failed", "response": self.failed(reply, body, problem), "sequence_number": 99}
        return event(data, "response.failed")

    def events(self, reply: Reply, body: Data, /) -> list[bytes]:
        whole = self.whole(reply, body)
        start = self._response(reply, body, status="in_progress")
        events: list[Data] = [
            {"type": "response.created", "response": start},
            {"type": "response.in_progress", "response": start},
        ]
        for index, item in enumerate(whole["output"]):
            events += item_events(index, item)
        events.append({"type": f"response.{whole['status']}", "response": whole})
        return [event({**data, "sequence_number": at}, data["type"]) for at, data in enumerate(events)]

    def turns(self, reply: Reply) -> list[Data]:
        items: list[Data] = []
        if reply.thinking:
            summary = [{"type": "summary_text", "text": reply.thinking}]
            items.append({"type": "reasoning", "id": f"rs_{reply.id}", "summary": summary, "encrypted_content": "c2Ny"})
        if reply.text:
            content: list[Data] = [{"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}]
            message = {"type": "message", "role": "assistant", "status": "completed"}
            items.append({**message, "id": f"msg_{reply.id}", "content": content})
        return items + [_call_item(call) for call in reply.calls]

    def identify(self, reply: Reply) -> str:
        return f"resp_{reply.id}"

    def error(self, problem: Problem) -> Data:
        return openai_error(problem)

    def error_event(self, problem: Problem) -> bytes:
        return event({"type": "error", **openai_error(problem), "sequence_number": 99}, "error")


def openai_error(problem: Problem) -> Data:
    """The body of OpenAI's errors."""
    named = {"message": problem.message, "type": problem.type, "param": problem.param, "code": problem.code}
    return {"error": named}


def _items(given: Any) -> list[Data]:
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return cast("list[Data]", given or [])


def _said(item: Data) -> Said:
    kind, role = item.get("type", "message"), item.get("role")
    if kind.endswith("_output"):
        return Said("result", plain_text(item.get("output")))
    if kind == "message":
        return Said("user" if role == "user" else "model" if role == "assistant" else "system", _text(item))
    return Said("model" if kind.endswith("_call") or kind in ("reasoning", "item_reference") else "system", "")


def _text(item: Data) -> str:
    return plain_text(item.get("content"))


def _tools_in(turns: list[Data]) -> Iterator[Data]:
    """Tools may be declared in the conversation, too."""
    for item in turns:
        if item.get("type") == "additional_tools":
            yield from entries(item, "tools")


def _tools(declared: list[Data]) -> Iterator[Tool]:
    for tool in declared:
        if tool.get("type") == "namespace":
            yield from (_tool(inner, namespace=tool["name"]) for inner in entries(tool, "tools"))
        else:
            yield _tool(tool)


def _tool(tool: Data, *, namespace: str = "") -> Tool:
    kind: Literal["custom", "function"] = "custom" if tool.get("type") == "custom" else "function"
    return Tool(str(tool.get("name") or tool.get("type")), tool.get("parameters") or {}, kind, namespace)


def _prefix(body: Data, turns: list[Data]) -> Prefix:
    head = [canonical(entries(body, "tools")), canonical(body.get("instructions") or "")]
    return Prefix((*head, *(canonical(item) for item in turns)))


def _call_item(call: ToolCall) -> Data:
    named: Data = {"call_id": call.id, "name": call.tool.name, "status": "completed"}
    if call.tool.namespace:
        named["namespace"] = call.tool.namespace
    if call.tool.kind == "custom":
        return {"type": "custom_tool_call", "id": f"ctc_{call.id[5:]}", **named, "input": call.raw}
    return {"type": "function_call", "id": f"fc_{call.id[5:]}", **named, "arguments": call.raw}


def _usage(reply: Reply) -> Data:
    usage = reply.usage
    return {
        "input_tokens": usage.whole_input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": len(reply.thinking) // 4},
        "total_tokens": usage.whole_input + usage.output,
    }
