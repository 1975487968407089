"""What a check says about a commit."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from agents.handoff import Issue
from blueprints.fields import Recorded
from workspaces import services


class VerdictStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class TestResult(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Observation:
    """What one look saw. `inconclusive` is whatever is neither a proof nor a disproof."""

    status: VerdictStatus
    reason: str
    exit_code: int | None = None
    tests: Mapping[str, TestResult] | None = None
    """Result by test id, where the check knows them."""
    issues: tuple[Issue, ...] = ()
    """What a reviewer or tester found."""

    @staticmethod
    def passed(reason: str) -> Observation:
        return Observation(VerdictStatus.PASSED, reason)

    @staticmethod
    def failed(reason: str) -> Observation:
        return Observation(VerdictStatus.FAILED, reason)

    @staticmethod
    def inconclusive(reason: str) -> Observation:
        return Observation(VerdictStatus.INCONCLUSIVE, reason)


class Verdict(Recorded):
    """An observation that belongs to one commit, with its evidence."""

    id: str
    kind: str
    says: str
    assertion: str | None = None
    """The assertion it proves."""
    status: VerdictStatus
    commit: str
    contract: str
    """Digest of the plan that asked for it."""
    environment: str
    """Digest of what it ran in: system, setup, the variables that checks see."""
    command: str
    """What was done."""
    reason: str
    exit_code: int | None
    seconds: float
    runs: list[VerdictStatus]
    """The status of every run, more than one when the first failed; mixed ones are flaky."""
    pre_existing: bool = False
    """It does not pass on the milestone's base either, as shown by running there."""
    quarantined: str | None = None
    """Flaky, and let pass until this day."""
    evidence: list[str]
    """Paths relative to the run folder."""
    seen: str
    """The folder they are in."""
    results: str | None = None
    """Digest of each test's result, where the check knows them."""

    @property
    def passed(self) -> bool:
        return self.status is VerdictStatus.PASSED

    @property
    def flaky(self) -> bool:
        return len(set(self.runs)) > 1


@dataclass(frozen=True)
class Bench:
    """Where a check looks: a clean, prepared checkout of one commit, its services running."""

    checkout: Path
    evidence: Path
    """Folder for what it saw."""
    stop: threading.Event
    commit: str = ""
    base: str = ""
    """The mission's base: what was there before any work, as approved."""
    addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Service name to `http://127.0.0.1:<port>`."""
    tests: tuple[str, ...] = ()
    """Test files to run, when it is about particular ones."""

    @property
    def variables(self) -> dict[str, str]:
        """What a check's commands see besides the usual environment."""
        own = {"MISSION_EVIDENCE": str(self.evidence), "MISSION_TESTS": shlex.join(self.tests)}
        return {**own, **services.variables(self.addresses)}

    def fill(self, text: str) -> str:
        """The text with `{{app.url}}` and `{{app.port}}` put in."""
        return services.fill(text, self.addresses)


class Validator(Protocol):
    def look(self, bench: Bench) -> Observation:
        """Check the checkout. Never raises for what a check can run into."""
        ...
