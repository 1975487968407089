"""A scripted step made the answer to a request: placeholders filled, calls bound to the tools it declares."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from agents.rehearsal.exchange import Asked, Data, Problem, Reply, Tool, ToolCall, Usage
from agents.rehearsal.faults import refuse
from agents.rehearsal.position import Position
from agents.rehearsal.script import ShellUse, Step, SubmitUse, Tokens, ToolUse

SHELLS = ("bash", "exec_command", "shell_command", "shell", "run_shell_command", "execute", "local_shell", "terminal")
"""Names of shell tools in lower case, the preferred first."""
COMMANDS = ("command", "cmd", "script", "input", "code")
"""What they call the command."""

_PROGRAMS = "exec"
"""The tool of Codex for models that write JavaScript; the shell is called from there."""
_LONGEST = 30_000
"""Milliseconds for which it waits for a command."""


def compose(step: Step, position: Position, asked: Asked, api: str) -> Reply | Problem:
    """The answer without its usage, or why the step has none for this request.

    A request without tools, such as one for a title, gets the text alone.
    """
    calls: list[ToolCall] = []
    for use in step.calls if asked.tools else []:
        call = _call(use, position, asked.tools)
        if call is None:
            return refuse(api, "the script calls a shell tool, and the request declares none")
        calls.append(call)
    return Reply(
        id=secrets.token_hex(12),
        model=asked.model,
        text=position.fill(step.text),
        thinking=position.fill(step.thinking),
        calls=tuple(calls),
        stop=step.stop,
        usage=Usage(0, 0, 0, 0),
    )


def produced(reply: Reply) -> int:
    """Tokens of the answer, at least one."""
    characters = len(reply.text) + len(reply.thinking) + sum(len(call.tool.name + call.raw) for call in reply.calls)
    return max(1, characters // 4)


def override(usage: Usage, tokens: Tokens) -> Usage:
    """The counted usage with what the script says in its place."""
    return replace(usage, **tokens.model_dump(exclude_none=True, by_alias=False))


def _call(use: ToolUse | ShellUse | SubmitUse, position: Position, tools: tuple[Tool, ...]) -> ToolCall | None:
    name = f"call_{secrets.token_hex(10)}"
    if isinstance(use, ShellUse):
        return _shell_call(name, position.fill(use.shell), tools)
    if isinstance(use, SubmitUse):
        return ToolCall(name, _declared("submit", tools), json.dumps(position.fill(use.submit)))
    tool = _declared(use.tool, tools)
    if use.raw_input is not None:
        return ToolCall(name, tool, position.fill(use.raw_input))
    return ToolCall(name, tool, _raw(tool, position.fill(use.input)))


def _declared(name: str, tools: tuple[Tool, ...]) -> Tool:
    """The declaration, or one made up: a script may well call a tool that does not exist."""
    return next((tool for tool in tools if name in (tool.full_name, tool.name)), Tool(name))


def _shell_call(name: str, command: str, tools: tuple[Tool, ...]) -> ToolCall | None:
    shells = [tool for shell in SHELLS for tool in tools if tool.name.lower() == shell]
    if not shells:
        return next((_programmed(name, command, tool) for tool in tools if tool.name == _PROGRAMS), None)
    tool = shells[0]
    return ToolCall(name, tool, command if tool.kind == "custom" else json.dumps(shell_input(tool, command)))


def _programmed(name: str, command: str, tool: Tool) -> ToolCall:
    options = json.dumps({"cmd": command, "yield_time_ms": _LONGEST})
    return ToolCall(name, tool, f"const done = await tools.exec_command({options}); text(done.output);")


def shell_input(tool: Tool, command: str) -> Data:
    """The input by which a declared shell tool runs a command."""
    properties = cast("dict[str, Data]", tool.schema.get("properties") or {})
    argument = next((name for name in COMMANDS if name in properties), "command")
    listed = str(properties.get(argument, {}).get("type", "")).lower() == "array"
    others = {name: _any_value(properties.get(name, {})) for name in _required(tool) if name != argument}
    return {argument: ["bash", "-c", command] if listed else command, **others}


def _required(tool: Tool) -> Iterator[str]:
    yield from cast("list[str]", tool.schema.get("required") or [])


def _any_value(schema: Data) -> Any:
    """Something the schema of a required argument takes, such as a description of the command."""
    if schema.get("enum"):
        return schema["enum"][0]
    match str(schema.get("type", "string")).lower():
        case "boolean":
            return False
        case "integer" | "number":
            return schema.get("minimum", 60)
        case "array":
            return []
        case "object":
            return {}
        case _:
            return "a scripted step"


def _raw(tool: Tool, given: Data | str) -> str:
    """The input as the tool's kind has it: a custom tool takes text, which a mapping of one text stands for too."""
    if isinstance(given, str):
        return given
    values = list(given.values())
    if tool.kind == "custom" and len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return json.dumps(given)
