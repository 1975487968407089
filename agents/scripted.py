"""`kind: scripted`: plays a file of steps through the same path as a real agent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from agents.base import AgentRun, Assignment, Desk
from agents.command import run_program
from blueprints.schema import ScriptedAgent

_PLAYER = Path(__file__).with_name("player.py")


@dataclass(frozen=True)
class ScriptedRunner:
    profile: ScriptedAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        argv = [sys.executable, "-I", str(_PLAYER), str(self.folder / self.profile.script)]
        return run_program(argv, assignment, desk, env=self.profile.env, idle=self.profile.idle_timeout)
