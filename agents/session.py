"""One agent at work on one assignment, to build or to judge: what it is given, its run, and whom to blame."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents import agent_for
from agents.base import AgentRun, Assignment, Credential, Desk
from agents.briefing import briefed
from agents.credentials import credential_of, rate_limit_file
from agents.prompt import prompt
from agents.rate_limit import RateLimit
from agents.record import Record
from blueprints.agents import Agent as Profile
from blueprints.agents import ApiAgent
from blueprints.plan import Plan
from ledger.conversation import FaultKind
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
        return secrets_of(self._profile, self._credential)

    def run(self, workspace: Path) -> tuple[AgentRun, list[str]]:
        """The agent's run, and what it did to the user's checkout meanwhile. There is room beside `workspace`."""
        assignment = briefed(self.mission, self.assignment, self._profile)
        self.mission.at_work.add(self.name)
        run, harm = run_at(
            self._desk(workspace), assignment, self._profile, plan=self.mission.plan, root=self.mission.root
        )
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
            home=workspace.parent / "home",
            timeout=self.timeout,
            stop=self.mission.stop,
            grace=self.mission.settings.grace,
            patience=self.mission.settings.patience,
            extra=self.variables,
            credential=self._credential,
            rate_limit=rate_limit_file(self.mission.settings, self._credential, self._profile),
        )

    @property
    def _profile(self) -> Profile:
        return self.mission.plan.agent(self.agent)

    @property
    def _credential(self) -> Credential | None:
        return credential_of(self._profile, self.mission.blocks)


def run_at(
    desk: Desk, assignment: Assignment, profile: Profile, *, plan: Plan, root: Path
) -> tuple[AgentRun, list[str]]:
    """The run of an agent of this profile at its desk, and what it did to the user's checkout at `root` meanwhile."""
    page, submits = plan.blueprint.instructions.get(assignment.role), isinstance(profile, ApiAgent)
    desk.prompt.parent.mkdir(parents=True, exist_ok=True)
    desk.prompt.write_text(prompt(assignment, page=page, handoff=desk.handoff, submits=submits), encoding="utf-8")
    desk.assignment.write_text(assignment.model_dump_json(), encoding="utf-8")
    desk.handoff.unlink(missing_ok=True)
    shutil.rmtree(desk.home, ignore_errors=True)  # an earlier attempt's, where all share a workspace
    before = fingerprint.fingerprint(root)
    run = agent_for(profile, Path(plan.folder)).run(assignment, desk)
    if desk.rate_limit:
        _note(RateLimit(desk.rate_limit), run)
    return run, fingerprint.difference(before, fingerprint.fingerprint(root))


def secrets_of(profile: Profile, credential: Credential | None) -> Mapping[str, str]:
    """What an agent of this profile is given that no record may show."""
    own = {credential.name: credential.value} if credential else {}
    return {**secret_values(profile.env), **own}


_SHORTEST = 1.0
"""Seconds; a shorter wait than that was none, and ours grows from time to time."""


def _note(limit: RateLimit, run: AgentRun) -> None:
    """What the run shows of its credential's limits, for all that share it."""
    fault = run.fault
    match fault.kind if fault else None:
        case FaultKind.THROTTLED if fault:
            told = fault.until - time.time() if fault.until else 0.0
            limit.throttled(told if told >= _SHORTEST else None, fault.reason)
        case FaultKind.EXHAUSTED if fault:
            limit.exhausted(fault.until, fault.reason)
        case FaultKind.UNAUTHENTICATED if fault:
            limit.refused(fault.reason)
        case None if run.tally and run.tally.turns:
            limit.succeeded()
        case _:
            pass


def handoff_file(workspace: Path) -> Path:
    """Where an agent that works in `workspace` leaves its handoff or answer."""
    return workspace.parent / "handoff.json"
