"""What became of a piece of work, as proved by the engine."""

from __future__ import annotations

from collections.abc import Callable

from agents.handoff import Handoff
from blueprints.fields import Value
from ledger.report import StepStatus
from workspaces.worktree import Workspace


class Outcome(Value):
    """The end of a feature, a repair or a resolved conflict."""

    name: str
    status: StepStatus
    """done, failed, quarantined, blocked or stopped."""
    commit: str | None = None
    reason: str = ""
    fresh: bool = True
    """False: it was done in a former life of the run, and taken from the ledger."""

    @property
    def done(self) -> bool:
        return self.status is StepStatus.DONE


class NotProvedError(Exception):
    """The work is not what was asked for. The text is the reason, one clause."""

    def __init__(self, reason: str, status: StepStatus = StepStatus.FAILED) -> None:
        super().__init__(reason)
        self.status = status


Judge = Callable[[Workspace, Handoff | None], str]
"""Looks at the workspace when the agent has stopped; returns the commit it proved, or raises NotProvedError."""
