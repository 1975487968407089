"""`kind: anthropic`: a model through the Messages API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.api.start import Provider, run_loop
from agents.base import AgentRun, Assignment, Desk
from blueprints.agents import AnthropicAgent

_PROVIDER = Provider("anthropic", "messages", "https://api.anthropic.com")


@dataclass(frozen=True)
class AnthropicRunner:
    profile: AnthropicAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        return run_loop(self.profile, _PROVIDER, assignment, desk)
