"""`kind: command`: any program is an agent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.base import AgentRun, Assignment, Desk
from blueprints.schema import CommandAgent
from workspaces import git, process
from workspaces.environment import secret_values


@dataclass(frozen=True)
class CommandRunner:
    """Runs `argv` without a shell, prompt on stdin and in `$MISSION_PROMPT`, in the workspace."""

    profile: CommandAgent
    folder: Path
    """The blueprint's folder: where a relative program with a slash is found."""

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        program, *arguments = self.profile.argv
        if "/" in program:
            program = str(self.folder / program)
        return run_program(
            [program, *arguments], assignment, desk, env=self.profile.env, idle=self.profile.idle_timeout
        )


def run_program(argv: list[str], assignment: Assignment, desk: Desk, *, env: list[str], idle: float | None) -> AgentRun:
    """Run one agent process to its end; nothing it started outlives this call."""
    finished = process.run(
        argv,
        cwd=desk.workspace,
        env=process.environment(*env, **{**desk.extra, **git.agent_environment(), **_variables(assignment, desk)}),
        stdin=desk.prompt.read_bytes(),
        timeout=desk.timeout,
        idle=idle,
        stop=desk.stop,
        transcript=desk.transcript,
        secrets=secret_values(env),
        contained=True,
        grace=desk.grace,
    )
    return AgentRun(finished.ended, finished.exit_code, finished.seconds, finished.output or finished.error)


def _variables(assignment: Assignment, desk: Desk) -> dict[str, str]:
    return {
        "MISSION_RUN": assignment.run,
        "MISSION_MISSION": assignment.mission,
        "MISSION_MILESTONE": assignment.milestone,
        "MISSION_FEATURE": assignment.feature,
        "MISSION_ROLE": assignment.role.value,
        "MISSION_ATTEMPT": str(assignment.attempt),
        "MISSION_WORKSPACE": str(desk.workspace),
        "MISSION_PROMPT": str(desk.prompt),
        "MISSION_ASSIGNMENT": str(desk.assignment),
        "MISSION_HANDOFF": str(desk.handoff),
    }
