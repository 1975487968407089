"""The programs that agents need: whether they are there, and which version."""

from __future__ import annotations

from pathlib import Path

from agents.cli import claude_code, codex, droid, gemini, opencode
from agents.cli.tool import Tool, expanded
from blueprints.agents import (
    Agent,
    ClaudeCodeAgent,
    CliAgent,
    CodexAgent,
    DroidAgent,
    GeminiAgent,
    OpencodeAgent,
)

_TOOLS: dict[type[CliAgent], Tool] = {
    ClaudeCodeAgent: claude_code.TOOL,
    CodexAgent: codex.TOOL,
    OpencodeAgent: opencode.TOOL,
    GeminiAgent: gemini.TOOL,
    DroidAgent: droid.TOOL,
}


def missing(profile: Agent, folder: Path) -> str | None:
    """One sentence, without a subject, about a program that this agent needs and that is not there.

    That of a command agent may be installed by the setup: it is looked for when it is started.
    """
    if not isinstance(profile, CliAgent):
        return None
    if profile.home and not (folder / expanded(profile.home)).is_dir():
        return f"its home '{profile.home}' is no folder; make it, or leave `home` out"
    return _TOOLS[type(profile)].missing(profile, folder)


def version(profile: Agent, folder: Path) -> str | None:
    """Of the agent's program, as it tells; None for kinds without one, and for one that is missing."""
    return _TOOLS[type(profile)].version(profile, folder) if isinstance(profile, CliAgent) else None
