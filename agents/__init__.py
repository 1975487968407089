"""Who works: one file per kind, named in this table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.base import Agent
    from blueprints.agents import Agent as Profile

_KINDS = {
    "command": "agents.command:CommandRunner",
    "scripted": "agents.scripted:ScriptedRunner",
    "anthropic": "agents.anthropic:AnthropicRunner",
    "openai": "agents.openai:OpenAIRunner",
    "claude-code": "agents.cli.claude_code:ClaudeCodeRunner",
    "codex": "agents.cli.codex:CodexRunner",
    "opencode": "agents.cli.opencode:OpencodeRunner",
    "gemini": "agents.cli.gemini:GeminiRunner",
    "droid": "agents.cli.droid:DroidRunner",
}
"""Imported when they are used: most missions need one or two of them."""


def agent_for(profile: Profile, folder: Path) -> Agent:
    """The agent that a blueprint's profile describes; its relative paths start at `folder`."""
    module, _, name = _KINDS[profile.kind].partition(":")
    agent: Agent = getattr(import_module(module), name)(profile, folder)
    return agent
