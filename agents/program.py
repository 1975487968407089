"""An agent's process: started in its workspace, heard to its end, with nothing of it left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.base import AgentRun, Assignment, Desk
from agents.credentials import secrets_of
from agents.hearing import Hearing, Language
from agents.limits import Limits
from workspaces import git, process

GENTLY = (signal.SIGINT, signal.SIGTERM)
"""How coding agents are asked to end: several of them tidy up after the first only, others after the second."""


@dataclass(frozen=True)
class Program:
    """What to start, and how to listen to it."""

    argv: Sequence[str]
    env: Iterable[str] = ()
    """Names of variables it may see besides the usual ones."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables it sees besides those."""
    stdin: bytes | None = None
    """Default: the prompt."""
    idle: float | None = None
    language: Language = field(default_factory=Language)
    limits: Limits = field(default_factory=Limits)
    signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    """How it is asked to end, one after the other, before it is killed."""


def run_program(program: Program, assignment: Assignment, desk: Desk) -> AgentRun:
    """Run one agent process to its end; nothing it started outlives this call."""
    names = [*program.env]
    own = {**agent_variables(assignment, desk), **program.variables}
    secrets = secrets_of(names, desk.credential)
    hearing = Hearing(program.language, program.limits, secrets)
    finished = process.run(
        program.argv,
        cwd=desk.workspace,
        env=process.environment(*names, **own),
        stdin=desk.prompt.read_bytes() if program.stdin is None else program.stdin,
        timeout=desk.timeout,
        idle=program.idle,
        stop=desk.stop,
        transcript=desk.transcript,
        listener=hearing,
        secrets=secrets,
        contained=True,
        grace=desk.grace,
        signals=program.signals,
    )
    if told := hearing.conclude(finished):
        with desk.transcript.open("ab") as transcript:
            transcript.write(told)
    return hearing.run(finished)


def agent_variables(assignment: Assignment, desk: Desk) -> dict[str, str]:
    """What every agent, and all that it starts, sees besides the usual variables."""
    return {
        **desk.extra,
        **git.agent_environment(),
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
