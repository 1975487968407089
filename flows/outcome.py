"""What became of a milestone."""

from __future__ import annotations

from blueprints.fields import Value
from ledger.report import StepStatus


class MilestoneOutcome(Value):
    name: str
    status: StepStatus
    """sealed, failed or stopped."""
    commit: str | None = None
    reason: str = ""
