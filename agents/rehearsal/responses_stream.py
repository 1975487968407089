"""How Responses streams the items of an answer."""

from __future__ import annotations

from collections.abc import Iterator

from agents.rehearsal.exchange import Data, pieces


def item_events(index: int, item: Data) -> Iterator[Data]:
    """The events of one item of the output."""
    place = {"output_index": index}
    inner = {**place, "item_id": item["id"]}
    empty: dict[str, Data] = {
        "message": {"content": []},
        "reasoning": {"summary": []},
        "function_call": {"arguments": ""},
    }
    added = {**item, **empty.get(item["type"], {"input": ""}), "status": "in_progress"}
    yield {"type": "response.output_item.added", **place, "item": added}
    match item["type"]:
        case "message":
            yield from _text_events(inner, item["content"][0])
        case "reasoning":
            yield from _summary_events(inner, item["summary"][0])
        case "function_call":
            yield from _deltas("response.function_call_arguments", inner, "arguments", item["arguments"])
        case _:
            yield from _deltas("response.custom_tool_call_input", inner, "input", item["input"])
    yield {"type": "response.output_item.done", **place, "item": item}


def _text_events(inner: Data, part: Data) -> Iterator[Data]:
    place: Data = {**inner, "content_index": 0, "logprobs": []}
    bare = {**inner, "content_index": 0}
    yield {"type": "response.content_part.added", **bare, "part": {**part, "text": ""}}
    yield from _deltas("response.output_text", place, "text", part["text"])
    yield {"type": "response.content_part.done", **bare, "part": part}


def _summary_events(inner: Data, part: Data) -> Iterator[Data]:
    place = {**inner, "summary_index": 0}
    yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
    yield from _deltas("response.reasoning_summary_text", place, "text", part["text"])
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}


def _deltas(kind: str, place: Data, field: str, text: str) -> Iterator[Data]:
    yield from ({"type": f"{kind}.delta", **place, "delta": part} for part in pieces(text))
    yield {"type": f"{kind}.done", **place, field: text}
