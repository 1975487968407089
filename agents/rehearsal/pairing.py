"""Calls and their results: what each provider refuses when one of them is missing from a request."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any, cast

from agents.rehearsal.exchange import Data, Problem, entries
from agents.rehearsal.faults import refuse


def unpaired_messages(turns: list[Data]) -> Problem | None:
    """Each call has its result in the message after it; messages of the same role in a row are one."""
    spoken = [turn for turn in turns if turn.get("role") in ("user", "assistant")]
    merged = [list(group) for _, group in groupby(spoken, lambda turn: turn.get("role"))]
    for before, after in pairwise([[], *merged, []]):
        called, answered = _ids(before, "tool_use", "id"), _ids(after, "tool_result", "tool_use_id")
        if missing := sorted(called - answered):
            text = "`tool_use` ids were found without `tool_result` blocks immediately after"
            return refuse("messages", f"messages: {text}: {missing[0]}")
        if missing := sorted(answered - called):
            text = "unexpected `tool_use_id` found in `tool_result` blocks"
            return refuse("messages", f"messages: {text}: {missing[0]}")
    return None


def unpaired_items(items: list[Data]) -> Problem | None:
    """Each call of a Responses request has its output, each output its call."""
    outputs = {str(item.get("call_id")) for item in items if str(item.get("type")).endswith("_call_output")}
    calls = {str(item.get("call_id")) for item in items if item.get("type") in ("function_call", "custom_tool_call")}
    if missing := sorted(calls - outputs):
        return refuse("responses", f"No tool output found for function call {missing[0]}.")
    known = any(item.get("type") in ("item_reference", "local_shell_call", "shell_call") for item in items)
    if not known and (missing := sorted(outputs - calls)):
        return refuse("responses", f"No tool call found for function call output with call_id {missing[0]}.")
    return None


def unpaired_chat(turns: list[Data]) -> Problem | None:
    """The results of a Chat answer's calls follow it before anything else does."""
    waiting: set[str] = set()
    for turn in turns:
        if turn.get("role") != "tool":
            if waiting:
                break
            waiting = {call["id"] for call in entries(turn, "tool_calls")}
        elif turn.get("tool_call_id") in waiting:
            waiting.discard(str(turn["tool_call_id"]))
        else:
            return refuse("chat", "messages with role 'tool' must be a response to a preceding 'tool_calls'.")
    if waiting:
        text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
        return refuse("chat", f"{text} 'tool_call_id': {min(waiting)}")
    return None


def _ids(turns: list[Data], kind: str, field: str) -> set[str]:
    contents: list[Any] = [turn.get("content") for turn in turns]
    blocks = [block for content in contents if isinstance(content, list) for block in cast("list[Data]", content)]
    return {str(block[field]) for block in blocks if block.get("type") == kind}
