"""`kind: openai`: a model through the Responses API, or through Chat Completions on compatible servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.api.start import Provider, run_loop
from agents.base import AgentRun, Assignment, Desk
from blueprints.agents import OpenAIAgent


@dataclass(frozen=True)
class OpenAIRunner:
    profile: OpenAIAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        provider = Provider("openai", self.profile.api, "https://api.openai.com/v1")
        return run_loop(self.profile, provider, assignment, desk)
