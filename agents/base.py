"""What every kind of agent is given, and what it gives back."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import Field

from agents.skills import Skill
from blueprints.fields import Value
from blueprints.schema import Role
from ledger.conversation import FaultKind, Tally
from workspaces.mission import Mission, session_name
from workspaces.process import Ended


class Assignment(Value):
    """A piece of work, as the agent may know it. JSON at `$MISSION_ASSIGNMENT`, prose at `$MISSION_PROMPT`."""

    run: str
    mission: str
    goal: str
    milestone: str
    role: Role
    base: str
    """Commit the work starts from."""
    title: str
    feature: str = ""
    """Worker, scrutiny: the feature. Integrator: the one being merged. Tester: the check. Repairer: empty."""
    attempt: int = 0
    """From 1, through all lives of the run."""
    spec: str = ""
    assertions: dict[str, str] = Field(default={})
    """Assertion id to the sentence that must hold afterwards."""
    touches: list[str] = Field(default=[])
    skill: Skill | None = None
    failures: list[str] = Field(default=[])
    """What was wrong before: earlier attempts, failing verdicts, issues to verify, or the conflict."""
    instructions: str = ""
    """Scrutiny, tester: what the check asks for besides."""
    diff: str = ""
    """Scrutiny: the change to judge, perhaps cut; it says so."""
    summary: str = ""
    """Scrutiny: what the worker says of its work, which proves nothing."""
    addresses: dict[str, str] = Field(default={})
    """Tester: service name to address."""
    project: dict[str, str] = Field(default={})
    """Path to text of the project's instructions that the agent does not read by itself; no text: to be read there."""
    notes: list[str] = Field(default=[])
    """What others learnt on the way: claims."""

    @property
    def session_name(self) -> str:
        """What all attempts at this go by."""
        return session_name(self.role, self.feature or self.milestone)

    @classmethod
    def of(cls, mission: Mission, role: Role, milestone: str, base: str, title: str, **more: Any) -> Assignment:
        """An assignment in this mission; `more` is any of the other fields."""
        blueprint = mission.plan.blueprint
        return cls(
            run=mission.run,
            mission=blueprint.mission,
            goal=blueprint.goal,
            milestone=milestone,
            role=role,
            base=base,
            title=title,
            **more,
        )


@dataclass(frozen=True)
class Desk:
    """Where an agent works and what it may touch."""

    workspace: Path
    prompt: Path
    assignment: Path
    handoff: Path
    transcript: Path
    home: Path
    """An empty folder of its own, for what a program keeps about itself."""
    timeout: float
    stop: threading.Event
    grace: float
    """Seconds between asking it to stop and ending it."""
    patience: float = 30.0
    """Longest wait for a provider, in seconds, for which it keeps its place."""
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables it sees besides the usual ones."""
    credential: Credential | None = None
    """What it pays with; None when its kind needs nothing, or nothing is there."""
    rate_limit: Path | None = None
    """What is known of that credential's limits."""


@dataclass(frozen=True)
class Credential:
    """A key, and what it goes by."""

    name: str
    """The environment variable, or `block <name>`."""
    value: str = field(repr=False)


@dataclass(frozen=True)
class Fault:
    """What is the matter with a provider; the agent cannot help it."""

    kind: FaultKind
    reason: str
    until: float | None = None
    """Seconds since the epoch when it may be tried again; None when nobody knows."""


@dataclass(frozen=True)
class AgentRun:
    """How an agent's process ended; says nothing about whether the work is done."""

    ended: Ended
    exit_code: int | None
    seconds: float
    output: str
    tally: Tally | None = None
    """What its transcript adds up to; None when it says nothing about that."""
    model: str | None = None
    version: str | None = None
    """The program's, as it told."""
    objection: str = ""
    """Why it did not end as asked for, as one clause, whatever its exit code says."""
    fault: Fault | None = None
    """The provider's: another attempt may be made when it is over."""

    @staticmethod
    def none() -> AgentRun:
        """No agent was started."""
        return AgentRun(Ended.MISSING, None, 0.0, "")

    @property
    def stopped_by_itself(self) -> bool:
        return self.ended is Ended.EXITED and self.exit_code == 0 and not self.objection and self.fault is None

    @property
    def usage(self) -> Mapping[str, float] | None:
        """Tokens by type and `usd`, as the provider reported; None is unknown."""
        return self.tally.usage if self.tally else None

    @property
    def reason(self) -> str:
        """One clause about an ending that is not a success."""
        if self.fault:
            return self.fault.reason
        if self.objection:
            return self.objection
        match self.ended:
            case Ended.EXITED:
                return f"the agent ended with exit code {self.exit_code}{_last_line(self.output)}"
            case Ended.TIMEOUT:
                return f"the agent was still at work after its time limit of {self.seconds:.0f} s"
            case Ended.IDLE:
                return "the agent printed nothing for longer than its idle limit"
            case Ended.MISSING:
                return f"the agent could not be started: {self.output.strip()}"
            case Ended.STOPPED:
                return "the agent was stopped"
            case Ended.CUT:
                return "the agent was ended by the engine"


class Agent(Protocol):
    """One kind of agent. It never decides whether it succeeded."""

    def run(self, assignment: Assignment, desk: Desk) -> AgentRun:
        """Work in `desk.workspace` until the agent stops, a limit is met or `desk.stop` is set."""
        ...


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return f": {lines[-1][:300]}" if lines else ""
