"""`kind: scripted`: plays a file of steps through the same path as a real agent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from agents.base import AgentRun, Assignment, Desk
from agents.hearing import Language, common
from agents.program import Program, run_program
from blueprints.agents import ScriptedAgent

_PLAYER = Path(__file__).with_name("player.py")


@dataclass(frozen=True)
class ScriptedRunner:
    profile: ScriptedAgent
    folder: Path

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        """Its lines may be those of a transcript: a rehearsal has usage and faults too."""
        argv = [sys.executable, "-I", str(_PLAYER), str(self.folder / self.profile.script)]
        program = Program(
            argv, env=self.profile.env, idle=self.profile.idle_timeout, language=Language(common, must_end=False)
        )
        return run_program(program, assignment, desk)
