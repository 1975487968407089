"""Who works: one file per kind, named in this table."""

from __future__ import annotations

from pathlib import Path

from agents.base import Agent
from agents.command import CommandRunner
from agents.scripted import ScriptedRunner
from blueprints.schema import Agent as Profile
from blueprints.schema import CommandAgent, ScriptedAgent


def agent_for(profile: Profile, folder: Path) -> Agent:
    """The agent that a blueprint's profile describes; its relative paths start at `folder`."""
    match profile:
        case CommandAgent():
            return CommandRunner(profile, folder)
        case ScriptedAgent():
            return ScriptedRunner(profile, folder)
