"""A shell step for a client whose model calls the shell from a program, with its tools told in the conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.agents.rehearsal.clients import Clients, ask_responses


def test_a_shell_step_becomes_a_program_where_tools_are_called_from_one(scripted: Callable[..., Clients]) -> None:
    namespace = {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}
    told: list[Any] = [
        {"type": "additional_tools", "role": "developer", "tools": [namespace]},
        {"role": "user", "content": "hello"},
    ]
    [call] = ask_responses(scripted({"calls": [{"shell": 'echo "a"'}]}), told, tools=[]).output
    assert (call.type, call.namespace, call.name) == ("custom_tool_call", "functions", "exec")
    assert 'await tools.exec_command({"cmd": "echo \\"a\\""' in call.input
