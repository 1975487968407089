"""What a check says about a commit."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from blueprints.schema import Value


class VerdictStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Finding:
    """What one check saw. `inconclusive` is whatever is neither a proof nor a disproof."""

    status: VerdictStatus
    reason: str
    exit_code: int | None = None


class Verdict(Value):
    """A finding that belongs to one commit, with its evidence."""

    id: str
    kind: str
    says: str
    status: VerdictStatus
    commit: str
    contract: str
    """Digest of the plan that asked for it."""
    command: str
    """What was run."""
    reason: str
    exit_code: int | None
    seconds: float
    evidence: list[str]
    """Paths relative to the run folder."""

    @property
    def passed(self) -> bool:
        return self.status is VerdictStatus.PASSED


@dataclass(frozen=True)
class Bench:
    """Where a check looks: a clean, prepared checkout of one commit."""

    checkout: Path
    evidence: Path
    """Folder for what it saw."""
    stop: threading.Event


class Validator(Protocol):
    def look(self, bench: Bench) -> Finding:
        """Check the checkout. Never raises for what a check can run into."""
        ...
