"""Anthropic's Messages protocol."""

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
    entries,
    event,
    pieces,
    plain_text,
    section,
)
from agents.rehearsal.faults import refuse
from agents.rehearsal.pairing import unpaired_messages

MOST_BREAKPOINTS = 4
_BUILTIN: Data = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


@dataclass(frozen=True)
class MessagesApi:
    """`/v1/messages`, with conversations kept by the server (`thread`) where the client asks for it."""

    name: str = "messages"

    def read(self, body: Data, history: History, /) -> Asked | Problem:
        """Refuses what the provider refuses: unknown threads, too many breakpoints, calls without results."""
        previous = section(body, "thread").get("previous_message_id")
        if previous and previous not in history:
            return Problem(404, "not_found_error", None, f"thread: no message {previous}")
        turns = [*(history[previous] if previous else []), *entries(body, "messages")]
        asked = self._asked(body, turns)
        return _mistake(body, asked) or asked

    def _asked(self, body: Data, turns: list[Data]) -> Asked:
        return Asked(
            model=str(body.get("model", "")),
            said=tuple(part for turn in turns for part in _said(turn)),
            tools=tuple(_tool(tool) for tool in entries(body, "tools")),
            prefix=_prefix(body, turns),
            stream=bool(body.get("stream")),
            turns=turns,
        )

    def whole(self, reply: Reply, _body: Data, /) -> Data:
        return self._message(reply, content=_content(reply), stop=_stop(reply), output=reply.usage.output)

    def _message(self, reply: Reply, *, content: list[Data], stop: str | None, output: int) -> Data:
        return {
            "id": self.identify(reply),
            "type": "message",
            "role": "assistant",
            "model": reply.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": _usage(reply, output),
        }

    def events(self, reply: Reply, _body: Data, /) -> list[bytes]:
        start = self._message(reply, content=[], stop=None, output=1)
        events: list[Data] = [{"type": "message_start", "message": start}]
        for index, (block, raw) in enumerate(zip(_content(reply), _raws(reply), strict=True)):
            events += _block_events(index, block, raw)
        delta: Data = {"stop_reason": _stop(reply), "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, "usage": _usage(reply, reply.usage.output)})
        events.append({"type": "message_stop"})
        return [event(data, data["type"]) for data in events]

    def turns(self, reply: Reply) -> list[Data]:
        return [{"role": "assistant", "content": _content(reply)}]

    def identify(self, reply: Reply) -> str:
        return f"msg_{reply.id}"

    def error(self, problem: Problem) -> Data:
        error = {"type": problem.type, "message": problem.message}
        return {"type": "error", "error": error, "request_id": "req_rehearsal"}

    def error_event(self, problem: Problem) -> bytes:
        return event(self.error(problem), "error")


def _blocks(content: Any) -> list[Data]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else cast("list[Data]", content or [])


def _said(turn: Data) -> Iterator[Said]:
    blocks = _blocks(turn.get("content"))
    if turn.get("role") == "assistant":
        yield Said("model", plain_text(blocks))
        return
    yield from (Said("result", plain_text(block.get("content"))) for block in blocks if block["type"] == "tool_result")
    if texts := _texts(turn):
        yield Said("user" if turn.get("role") == "user" else "system", plain_text(texts))


def _tool(tool: Data) -> Tool:
    """Tools that the provider defines itself have no schema; the shell among them takes a command."""
    return Tool(tool["name"], tool.get("input_schema") or _BUILTIN)


def _prefix(body: Data, turns: list[Data]) -> Prefix:
    """Tools, system, messages. Changed thinking or tool choice leaves only the first two in the cache."""
    blocks: list[Data] = [*entries(body, "tools"), *_blocks(body.get("system"))]
    texts = [canonical(_unmarked(block)) for block in blocks]
    marks = [at for at, block in enumerate(blocks) if block.get("cache_control")]
    settings = canonical([body.get("thinking"), body.get("tool_choice")])
    for turn in turns:
        for block in _blocks(turn.get("content")):
            texts.append(canonical([turn.get("role"), settings, _unmarked(block)]))
            marks += [len(texts) - 1] if block.get("cache_control") else []
    if body.get("cache_control") and texts:
        marks.append(len(texts) - 1)
    return Prefix(tuple(texts), tuple(marks))


def _unmarked(block: Data) -> Data:
    return {key: value for key, value in block.items() if key != "cache_control"}


def _mistake(body: Data, asked: Asked) -> Problem | None:
    marks = len(asked.prefix.marks or ())
    if marks > MOST_BREAKPOINTS:
        return refuse("messages", f"A maximum of 4 blocks with cache_control may be provided. Found {marks}.")
    if not asked.turns:
        return refuse("messages", "messages: at least one message is required")
    if "max_tokens" not in body:
        return refuse("messages", "max_tokens: Field required")
    if any(not block["text"].strip() for turn in asked.turns for block in _texts(turn)):
        return refuse("messages", "messages: text content blocks must contain non-whitespace text")
    return unpaired_messages(asked.turns)


def _texts(turn: Data) -> list[Data]:
    return [block for block in _blocks(turn.get("content")) if block["type"] == "text"]


def _content(reply: Reply) -> list[Data]:
    content: list[Data] = []
    if reply.thinking:
        content.append({"type": "thinking", "thinking": reply.thinking, "signature": "c2NyaXB0ZWQ="})
    if reply.text:
        content.append({"type": "text", "text": reply.text})
    uses = [{"type": "tool_use", "id": c.id, "name": c.tool.full_name, "input": c.input} for c in reply.calls]
    return content + uses


def _raws(reply: Reply) -> list[str]:
    """For each block of the content its input as it is streamed."""
    before = len(_content(reply)) - len(reply.calls)
    return [""] * before + [call.raw for call in reply.calls]


def _block_events(index: int, block: Data, raw: str) -> Iterator[Data]:
    match block["type"]:
        case "text":
            empty: Data = {"type": "text", "text": ""}
            deltas: list[Data] = [{"type": "text_delta", "text": part} for part in pieces(block["text"])]
        case "thinking":
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": part} for part in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case _:
            empty = {**block, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in ["", *pieces(raw)]]
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    yield from ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
    yield {"type": "content_block_stop", "index": index}


def _stop(reply: Reply) -> str:
    return reply.stop or ("tool_use" if reply.calls else "end_turn")


def _usage(reply: Reply, output: int) -> Data:
    usage = reply.usage
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    }
