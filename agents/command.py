"""`kind: command`: any program is an agent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.base import AgentRun, Assignment, Desk
from agents.program import Program, run_program
from blueprints.agents import CommandAgent


@dataclass(frozen=True)
class CommandRunner:
    """Runs `argv` without a shell, prompt on stdin and in `$MISSION_PROMPT`, in the workspace."""

    profile: CommandAgent
    folder: Path
    """The blueprint's folder: where a relative program with a slash is found."""

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        name, *arguments = self.profile.argv
        argv = [str(self.folder / name) if "/" in name else name, *arguments]
        return run_program(Program(argv, env=self.profile.env, idle=self.profile.idle_timeout), assignment, desk)
