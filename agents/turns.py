"""Whose turn it is: an agent whose provider refuses it waits, and another may take over."""

from __future__ import annotations

from pathlib import Path

from agents.base import Assignment, Fault
from agents.credentials import credential_of, rate_limit_file
from agents.rate_limit import RateLimit
from ledger.conversation import FaultKind
from ledger.events import Kind
from ledger.report import StepStatus
from workspaces.mission import Mission

_MOST_LOST = 5
"""Attempts at one piece of work that a provider may end in the middle, in a row, before it counts as a failure."""


class ParkedError(Exception):
    """Nobody can do this now, through no fault of the agents'."""

    def __init__(self, fault: Fault, credential: str, rate_limit: Path) -> None:
        super().__init__(fault.reason)
        self.fault, self.credential, self.rate_limit = fault, credential, rate_limit


class Turns:
    """Who makes the next attempt at an assignment: its agent, or a fallback while that one is refused."""

    def __init__(self, mission: Mission, assignment: Assignment, agent: str) -> None:
        self._mission, self._assignment = mission, assignment
        self._candidates = [agent, *mission.plan.agent(agent).fallback]
        self._unavailable: set[str] = set()

    def next(self) -> str | None:
        """An agent that nobody refuses. None: the mission stops. Raises ParkedError when all must wait."""
        refused: list[tuple[str, Fault]] = []
        for name in self._left():
            if fault := self._refusal(name):
                refused.append((name, fault))
            else:
                return name
        if self._mission.halted:
            return None
        name, fault = min(refused, key=lambda each: (each[1].until is None, each[1].until or 0.0))
        raise self._parked(name, fault)

    def met(self, name: str, fault: Fault) -> StepStatus:
        """What an attempt counts for that ended with a provider's fault: parked is none at all."""
        if self._lost_too_often():
            return StepStatus.FAILED
        if fault.kind is not FaultKind.UNAVAILABLE:
            return StepStatus.PARKED
        self._unavailable.add(name)
        if self._left():
            return StepStatus.PARKED
        self._unavailable.clear()
        return StepStatus.FAILED

    def _lost_too_often(self) -> bool:
        """Whether the provider has ended attempts in the middle of their work again and again: that must end, too."""
        lost = 0
        for event in self._mission.ledger.events:
            if event.data.get("workerSessionId", "").rpartition(".")[0] == self._assignment.session_name:
                if event.kind is Kind.WORKER_FAILED:
                    lost = 0
                lost += event.kind is Kind.WORKER_PAUSED and event.data["status"] == "parked" and "turns" in event.data
        return lost >= _MOST_LOST

    def _left(self) -> list[str]:
        return [name for name in self._candidates if name not in self._unavailable]

    def _refusal(self, name: str) -> Fault | None:
        """What stands against it after a short wait."""
        limit = RateLimit(self._file(name))
        hold = limit.hold()
        if hold is None:
            return None
        if hold.kind is not FaultKind.UNAUTHENTICATED and (wait := limit.wait()) <= self._mission.settings.patience:
            self._mission.stop.wait(wait)
            return None
        return Fault(hold.kind, hold.reason, hold.until)

    def _parked(self, name: str, fault: Fault) -> ParkedError:
        credential = credential_of(self._mission.plan.agent(name), self._mission.blocks)
        called = credential.name if credential else f"the login of {name}"
        self._mission.ledger.append(
            Kind.AGENT_PARKED,
            role=self._assignment.role.value,
            milestone=self._assignment.milestone,
            featureId=self._assignment.feature,
            agent=name,
            credential=called,
            kind=fault.kind.value,
            reason=fault.reason,
            until=fault.until,
        )
        return ParkedError(fault, called, self._file(name))

    def _file(self, name: str) -> Path:
        return rate_limit_file(self._mission.plan.agent(name), self._mission.settings, self._mission.blocks)


def forget_refusals(mission: Mission) -> None:
    """Whoever takes a run up wants it tried again: quotas that were used up and keys that were refused."""
    for profile in mission.plan.blueprint.agents.values():
        limit = RateLimit(rate_limit_file(profile, mission.settings, mission.blocks))
        hold = limit.hold()
        if hold and hold.kind is not FaultKind.THROTTLED:
            limit.clear()
