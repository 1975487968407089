"""Gemini's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from agents.rehearsal.exchange import (
    Asked,
    Data,
    History,
    Prefix,
    Problem,
    Reply,
    Said,
    Tool,
    canonical,
    event,
    pieces,
    plain_text,
    section,
)

_STOPS = {"max_tokens": "MAX_TOKENS", "length": "MAX_TOKENS", "refusal": "SAFETY"}


@dataclass(frozen=True)
class GeminiApi:
    """`:generateContent` and `:streamGenerateContent`; the model is part of the address, and put into the body."""

    name: str = "gemini"

    def read(self, body: Data, _history: History, /) -> Asked | Problem:
        turns = _list(body.get("contents"))
        tools = _list(body.get("tools"))
        head = [canonical(tools), canonical(body.get("systemInstruction") or body.get("system_instruction"))]
        return Asked(
            model=str(body.get("model", "")),
            said=tuple(part for turn in turns for part in _said(turn)),
            tools=tuple(_tools(tools)),
            prefix=Prefix((*head, *(canonical(turn) for turn in turns))),
            stream=bool(body.get("stream")),
            turns=turns,
        )

    def whole(self, reply: Reply, _body: Data, /) -> Data:
        return _response(reply, _parts(reply), stop=_stop(reply))

    def events(self, reply: Reply, _body: Data, /) -> list[bytes]:
        streamed = [cut for part in _parts(reply) for cut in _cut(part)] or [{"text": ""}]
        last = len(streamed) - 1
        stops = [_stop(reply) if at == last else None for at in range(len(streamed))]
        return [event(_response(reply, [part], stop=stop)) for part, stop in zip(streamed, stops, strict=True)]

    def turns(self, reply: Reply) -> list[Data]:
        return [{"role": "model", "parts": _parts(reply)}]

    def identify(self, reply: Reply) -> str:
        return reply.id

    def error(self, problem: Problem) -> Data:
        error: Data = {"code": problem.status, "message": problem.message, "status": problem.type}
        if problem.retry_after is not None:
            info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{problem.retry_after:g}s"}
            error["details"] = [info]
        return {"error": error}

    def error_event(self, problem: Problem) -> bytes:
        return event(self.error(problem))


def _list(given: Any) -> list[Data]:
    return [cast("Data", given)] if isinstance(given, dict) else cast("list[Data]", given or [])


def _said(turn: Data) -> Iterator[Said]:
    parts = [part for part in _list(turn.get("parts")) if not part.get("thought")]
    if turn.get("role") == "model":
        yield Said("model", plain_text(parts))
        return
    yield from (Said("result", _result(part["functionResponse"])) for part in parts if "functionResponse" in part)
    texts = [part for part in parts if "text" in part]
    if texts:
        yield Said("user", plain_text(texts))


def _result(given: Data) -> str:
    response = section(given, "response")
    output = response.get("output", response.get("result"))
    return output if isinstance(output, str) else canonical(response)


def _tools(declared: list[Data]) -> Iterator[Tool]:
    for group in declared:
        for tool in _list(group.get("functionDeclarations") or group.get("function_declarations")):
            yield Tool(tool["name"], tool.get("parametersJsonSchema") or tool.get("parameters") or {})


def _parts(reply: Reply) -> list[Data]:
    parts: list[Data] = []
    if reply.thinking:
        parts.append({"text": reply.thinking, "thought": True})
    if reply.text:
        parts.append({"text": reply.text})
    for call in reply.calls:
        if not call.malformed:
            used = {"id": call.id, "name": call.tool.full_name, "args": call.input}
            parts.append({"functionCall": used, "thoughtSignature": "c2NyaXB0ZWQ="})
    return parts


def _cut(part: Data) -> list[Data]:
    return [{**part, "text": piece} for piece in pieces(part["text"])] if "text" in part else [part]


def _stop(reply: Reply) -> str:
    """A call that is not JSON never reaches the client: the provider says so in its place."""
    if reply.stop:
        return _STOPS.get(reply.stop, reply.stop)
    return "MALFORMED_FUNCTION_CALL" if any(call.malformed for call in reply.calls) else "STOP"


def _response(reply: Reply, parts: list[Data], *, stop: str | None) -> Data:
    candidate: Data = {"content": {"role": "model", "parts": parts}, "index": 0}
    if stop:
        candidate["finishReason"] = stop
    usage = reply.usage
    thought = len(reply.thinking) // 4
    metadata = {
        "promptTokenCount": usage.whole_input,
        "cachedContentTokenCount": usage.cache_read,
        "candidatesTokenCount": max(0, usage.output - thought),
        "thoughtsTokenCount": thought,
        "totalTokenCount": usage.whole_input + usage.output,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": metadata,
        "modelVersion": reply.model,
        "responseId": reply.id,
    }
