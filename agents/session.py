"""One agent at work on one assignment, to build or to judge: what it is given, its run, and whom to blame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents import agent_for
from agents.base import AgentRun, Assignment, Desk
from agents.prompt import prompt
from agents.record import Record
from workspaces import fingerprint
from workspaces.environment import secret_values
from workspaces.mission import Mission


@dataclass(frozen=True)
class Session:
    mission: Mission
    assignment: Assignment
    agent: str
    """Name of its profile."""
    timeout: float
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its environment holds besides the usual."""

    @property
    def name(self) -> str:
        return f"{self.assignment.session_name}.{self.assignment.attempt}"

    @property
    def record(self) -> Record:
        return Record(self.mission, self.assignment, self.name, self.agent)

    @property
    def secrets(self) -> Mapping[str, str]:
        """What it was given that no record may show."""
        return secret_values(self.mission.plan.agent(self.agent).env)

    def run(self, workspace: Path) -> tuple[AgentRun, list[str]]:
        """The agent's run, and what it did to the user's checkout meanwhile. There is room beside `workspace`."""
        desk, plan = self._desk(workspace), self.mission.plan
        desk.prompt.parent.mkdir(parents=True, exist_ok=True)
        desk.prompt.write_text(prompt(self.assignment), encoding="utf-8")
        desk.assignment.write_text(self.assignment.model_dump_json(), encoding="utf-8")
        desk.handoff.unlink(missing_ok=True)
        before = fingerprint.fingerprint(self.mission.root)
        self.mission.at_work.add(self.name)
        run = agent_for(plan.agent(self.agent), Path(plan.folder)).run(self.assignment, desk)
        harm = fingerprint.difference(before, fingerprint.fingerprint(self.mission.root))
        if not harm:
            self.mission.at_work.discard(self.name)
        return run, harm

    def accusation(self, harm: list[str]) -> str:
        """Who of those at work did it cannot be seen: all are named, and none is trusted."""
        others = sorted(self.mission.at_work - {self.name})
        company = f" (as did {', '.join(others)})" if others else ""
        return f"the user's checkout changed while this agent ran{company}: {', '.join(harm)}"

    def _desk(self, workspace: Path) -> Desk:
        return Desk(
            workspace=workspace,
            prompt=self.mission.folder.prompt(self.name),
            assignment=workspace.parent / "assignment.json",
            handoff=handoff_file(workspace),
            transcript=self.mission.folder.transcript(self.name),
            timeout=self.timeout,
            stop=self.mission.stop,
            grace=self.mission.settings.grace,
            extra=self.variables,
        )


def handoff_file(workspace: Path) -> Path:
    """Where an agent that works in `workspace` leaves its handoff or answer."""
    return workspace.parent / "handoff.json"
