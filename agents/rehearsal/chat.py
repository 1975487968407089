"""OpenAI's Chat Completions protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

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
    pieces,
    plain_text,
    section,
)
from agents.rehearsal.pairing import unpaired_chat
from agents.rehearsal.responses import openai_error

_ROLES = {"user": "user", "assistant": "model", "tool": "result", "function": "result"}
_STOPS = {"max_tokens": "length", "refusal": "content_filter"}


@dataclass(frozen=True)
class ChatApi:
    """`/v1/chat/completions`."""

    name: str = "chat"

    def read(self, body: Data, _history: History, /) -> Asked | Problem:
        """Refuses calls that are not followed by their results."""
        turns = entries(body, "messages")
        tools = entries(body, "tools")
        return unpaired_chat(turns) or Asked(
            model=str(body.get("model", "")),
            said=tuple(_said(turn) for turn in turns),
            tools=tuple(_tool(tool) for tool in tools),
            prefix=Prefix((canonical(tools), *(canonical(turn) for turn in turns))),
            stream=bool(body.get("stream")),
            turns=turns,
            session=str(body.get("prompt_cache_key") or ""),
        )

    def whole(self, reply: Reply, _body: Data, /) -> Data:
        choice = {"index": 0, "message": self.turns(reply)[0], "logprobs": None, "finish_reason": _stop(reply)}
        return {**self._head(reply, "chat.completion"), "choices": [choice], "usage": _usage(reply)}

    def _head(self, reply: Reply, kind: str) -> Data:
        return {"id": self.identify(reply), "object": kind, "created": int(time.time()), "model": reply.model}

    def events(self, reply: Reply, body: Data, /) -> list[bytes]:
        head = self._head(reply, "chat.completion.chunk")
        choices: list[Data] = [{"delta": delta, "finish_reason": None} for delta in _deltas(reply)]
        choices.append({"delta": {}, "finish_reason": _stop(reply)})
        chunks: list[Data] = [{**head, "choices": [{"index": 0, "logprobs": None, **choice}]} for choice in choices]
        if section(body, "stream_options").get("include_usage"):
            chunks = [{**chunk, "usage": None} for chunk in chunks] + [{**head, "choices": [], "usage": _usage(reply)}]
        return [*(event(chunk) for chunk in chunks), b"data: [DONE]\n\n"]

    def turns(self, reply: Reply) -> list[Data]:
        message: Data = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        if reply.calls:
            message["tool_calls"] = [_call(call, call.raw) for call in reply.calls]
        return [message]

    def identify(self, reply: Reply) -> str:
        return f"chatcmpl-{reply.id}"

    def error(self, problem: Problem) -> Data:
        return openai_error(problem)

    def error_event(self, problem: Problem) -> bytes:
        return event(openai_error(problem))


def _said(turn: Data) -> Said:
    role = _ROLES.get(str(turn.get("role")), "system")
    text = plain_text(turn.get("content"))
    match role:
        case "user" | "model" | "result":
            return Said(role, text)
        case _:
            return Said("system", text)


def _tool(tool: Data) -> Tool:
    if tool.get("type") == "custom":
        return Tool(tool["custom"]["name"], kind="custom")
    return Tool(tool["function"]["name"], tool["function"].get("parameters") or {})


def _call(call: ToolCall, raw: str) -> Data:
    if call.tool.kind == "custom":
        return {"id": call.id, "type": "custom", "custom": {"name": call.tool.full_name, "input": raw}}
    return {"id": call.id, "type": "function", "function": {"name": call.tool.full_name, "arguments": raw}}


def _deltas(reply: Reply) -> Iterator[Data]:
    yield {"role": "assistant", "content": "", "refusal": None}
    yield from ({"reasoning_content": part} for part in pieces(reply.thinking))
    yield from ({"content": part} for part in pieces(reply.text))
    for index, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": index, **_call(call, "")}]}
        kind, field = ("custom", "input") if call.tool.kind == "custom" else ("function", "arguments")
        yield from ({"tool_calls": [{"index": index, kind: {field: part}}]} for part in pieces(call.raw))


def _stop(reply: Reply) -> str:
    if reply.stop:
        return _STOPS.get(reply.stop, reply.stop)
    return "tool_calls" if reply.calls else "stop"


def _usage(reply: Reply) -> Data:
    usage = reply.usage
    return {
        "prompt_tokens": usage.whole_input,
        "completion_tokens": usage.output,
        "total_tokens": usage.whole_input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": len(reply.thinking) // 4},
    }
