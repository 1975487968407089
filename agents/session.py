"""One agent at work on one assignment, to build or to judge: what it is given, its run, and whom to blame."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agents import agent_for
from agents.base import AgentRun, Assignment, Desk
from agents.briefing import briefed
from agents.credentials import credential_of, rate_limit_file, secrets_of
from agents.prompt import prompt
from agents.rate_limit import RateLimit
from agents.record import Record
from blueprints.agents import Agent as Profile
from blueprints.agents import ApiAgent
from blueprints.plan import Plan
from workspaces import fingerprint
from workspaces.mission import Mission

if TYPE_CHECKING:
    from agents.commission import Commission


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
        return secrets_of(self._profile.env, credential_of(self._profile, self.mission.blocks))

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
        folder = self.mission.folder
        return desk_at(
            workspace,
            self._profile,
            self.mission,
            prompt=folder.prompt(self.name),
            transcript=folder.transcript(self.name),
            timeout=self.timeout,
            stop=self.mission.stop_of(self.assignment.feature),
            extra=self.variables,
        )

    @property
    def _profile(self) -> Profile:
        return self.mission.plan.agent(self.agent)


def desk_at(
    workspace: Path,
    profile: Profile,
    within: Mission | Commission,
    *,
    prompt: Path,
    transcript: Path,
    timeout: float,
    stop: threading.Event | None = None,
    extra: Mapping[str, str] | None = None,
) -> Desk:
    """For an agent of this profile; what is its own alone lies beside `workspace`."""
    return Desk(
        workspace=workspace,
        prompt=prompt,
        assignment=workspace.parent / "assignment.json",
        handoff=handoff_file(workspace),
        transcript=transcript,
        home=workspace.parent / "home",
        timeout=timeout,
        stop=stop or within.stop,
        grace=within.settings.grace,
        patience=within.settings.patience,
        extra=extra or {},
        credential=credential_of(profile, within.blocks),
        rate_limit=rate_limit_file(profile, within.settings, within.blocks),
    )


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


_SHORTEST = 1.0
"""Seconds; a shorter wait than that was none, and ours grows from time to time."""


def _note(limit: RateLimit, run: AgentRun) -> None:
    """What the run shows of its credential's limits, for all that share it."""
    if fault := run.fault:
        wait = fault.until - time.time() if fault.until else 0.0
        limit.met(fault.kind, fault.reason, wait if wait >= _SHORTEST else None, fault.until)
    elif run.tally and run.tally.turns:
        limit.succeeded()


def handoff_file(workspace: Path) -> Path:
    """Where an agent that works in `workspace` leaves its handoff or answer."""
    return workspace.parent / "handoff.json"
