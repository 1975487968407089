"""The outcome of a run, derived from its plan and its ledger and nothing else."""

from __future__ import annotations

import math
import statistics
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class RunStatus(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def over(self) -> bool:
        """Whether the run has an outcome."""
        return self in (self.PASSED, self.FAILED, self.CANCELLED, self.REJECTED)


class StepStatus(StrEnum):
    """Where a feature or a milestone stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    INTEGRATED = "integrated"
    SEALED = "sealed"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    BLOCKED = "blocked"
    STOPPED = "stopped"
    PARKED = "parked"


LANDING = "landing."
"""How the name begins by which verdicts and findings about a landing go, where others have a milestone's."""


class Entry(BaseModel):
    """A part of the report: filled in while the ledger is read, camelCase in JSON."""

    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True, extra="forbid")


class TestsReport(Entry):
    """The tests that a feature added, witnessed."""

    files: list[str]
    red: str
    """What they said without the feature's work; empty when they need not be red."""
    green: str
    """And with it."""


class FeatureReport(Entry):
    id: str
    title: str
    agent: str
    status: StepStatus = StepStatus.PENDING
    reason: str = ""
    attempts: int = 0
    agent_runs: int = 0
    commit: str | None = None
    base: str | None = None
    seconds: float = 0.0
    usage: dict[str, float] | None = None
    """Tokens by type and usd, as far as the agent's provider told; None is unknown, not nothing."""
    summary: str = ""
    tests: TestsReport | None = None


class WitnessReport(Entry):
    """How a check stood before the work."""

    id: str
    base: str
    status: str
    reason: str


class MergeReport(Entry):
    feature: str
    commit: str
    how: str
    """The rung that made it: clean, contained (nothing left to merge), recorded, generated, union, integrator, or
    rebuilt (by a worker, on top of the others)."""
    seconds: float = 0.0
    """Spent on its conflict."""
    agent_runs: int = 0
    usd: float | None = None
    """What the agents cost; None when there were none, or none of them told."""
    presence: str = ""
    """How its change was proved to be in the integrated commit: contained, checked (nothing lost, its checks pass),
    kept (nothing lost)."""


class RungReport(Entry):
    """A way that was tried to bring a feature in where git met a conflict."""

    feature: str
    rung: str
    status: str
    reason: str
    seconds: float
    agent_runs: int
    usd: float | None


class CulpritsReport(Entry):
    """The smallest set of features with which a check does not pass."""

    check: str
    commit: str
    """The integrated commit it did not pass on."""
    features: list[str]
    """One: it does not pass with that feature alone. More: they pass without each other and fail together."""
    trials: int
    """How often it was tried to find that out."""
    reason: str


class IntegrationReport(Entry):
    status: str = "pending"
    reason: str = ""
    merges: list[MergeReport] = []
    tried: list[RungReport] = []
    """Where git met a conflict, every rung that was tried, in order."""


class VerdictReport(Entry):
    id: str
    kind: str
    says: str
    assertion: str | None
    """The assertion it proves."""
    status: str
    commit: str
    contract: str
    """Digest of the plan that asked for it."""
    environment: str
    """Digest of what it ran in."""
    command: str
    evidence: list[str]
    reason: str
    seconds: float
    round: int
    runs: list[str]
    """The status of every run; mixed ones are flaky."""
    pre_existing: bool
    quarantined: str | None


class MilestoneReport(Entry):
    name: str
    objective: str
    status: StepStatus = StepStatus.PENDING
    reason: str = ""
    rounds: int = 0
    """How often it was validated."""
    repaired: list[str] = []
    """Checks that did not pass at first and were given to the repairer."""
    base: str | None = None
    commit: str | None = None
    landed: bool = False
    features: list[FeatureReport]
    integration: IntegrationReport
    before: list[WitnessReport] = []
    """How the checks of its new assertions stood before the work."""
    culprits: list[CulpritsReport] = []
    """Who broke what on the integrated commit, by check; a repair may have put it right since."""
    verdicts: list[VerdictReport] = []
    """The last round's; earlier rounds are in the ledger."""


class AssertionReport(Entry):
    """An assertion of the contract, and the last commit it was judged on."""

    id: str
    says: str
    commit: str | None = None
    checks: dict[str, str] = {}
    """Status on that commit by check."""

    @property
    def status(self) -> str:
        """passed, failed, inconclusive, or unproved as long as nothing has judged it."""
        seen = set(self.checks.values())
        return "unproved" if not seen else next((s for s in ("failed", "inconclusive") if s in seen), "passed")


class FindingReport(Entry):
    id: str
    severity: str
    description: str
    suggested_fix: str = ""
    source: str
    milestone: str
    about: str = ""
    """The feature it is about."""
    file: str = ""
    line: int | None = None
    fate: str = "open"
    """open, fixed, dismissed or backlog."""
    settled: str = ""
    """By which commit and what proof, or by whom and why."""


class TurnsReport(Entry):
    """How many calls of the model agent runs took."""

    runs: list[int]
    """Each run's, in the order in which they ended."""
    median: float
    p90: int
    """The least number that nine of ten runs do not exceed."""

    @classmethod
    def of(cls, runs: list[int]) -> TurnsReport:
        return cls(runs=runs, median=statistics.median(runs), p90=sorted(runs)[math.ceil(0.9 * len(runs)) - 1])


class DecisionReport(Entry):
    """What a person decided, or what stood in for one: a time-out, an approval in advance."""

    at: str
    by: str
    about: str
    """`plan DIGEST`, an assertion that was accepted although it passed before the work, or a gate."""
    decision: str
    note: str = ""


class AmendmentReport(Entry):
    """A change of the blueprint while the mission was unfinished."""

    at: str
    by: str
    plan: str
    """Digest of the plan from then on."""
    again: list[str]
    """Features that had to be done again, or for the first time, as far as the plan could tell."""


class SkippedReport(Entry):
    """A feature that somebody took out of the plan while the mission was unfinished."""

    feature: str
    milestone: str
    at: str
    by: str
    why: str
    assertions: list[str]
    """Those that went with it: nobody proves them."""


class BaseMovedReport(Entry):
    """Where the base branch was at the run's end, when that is neither where it was at first nor our doing."""

    branch: str
    base: str
    """The recorded commit, on which the work stands."""
    tip: str | None
    """None: the branch is gone."""
    commits: int | None
    """How many it is ahead of the base; None when the base is not in it any more."""


class LandingReport(Entry):
    """The result on its way to the base branch."""

    commit: str
    """The result itself, or its merge with what was on the branch."""
    branch: str | None = None
    """Where it landed; None: nowhere yet."""
    onto: str | None = None
    """What was on the branch before, where that is known."""
    merged: bool = False
    verdicts: list[VerdictReport] = []
    """On exactly that commit, as far as it had to be verified again."""


class Totals(Entry):
    agent_runs: int = 0
    features: int = 0
    repairs: int = 0
    seconds_by_role: dict[str, float] = {}
    tokens: dict[str, dict[str, float]] = {}
    """Known tokens by role and type."""
    turns: dict[str, TurnsReport] = {}
    """By role; only of agent runs that told them."""
    tools: dict[str, int] = {}
    """Calls by tool."""
    models: dict[str, int] = {}
    """Agent runs by model, where it is known."""
    usd: float | None = None
    """None: no agent run told its price."""
    runs_with_unknown_usage: int = 0


class MissionReport(Entry):
    run: str
    mission: str
    goal: str
    status: RunStatus
    reason: str = ""
    repository: str = ""
    base: str | None = None
    base_branch: str = ""
    commit: str | None = None
    branch: str | None = None
    started_at: str
    seconds: float = 0.0
    ui: str | None = None
    """The run's page in Prefect."""
    decisions: list[DecisionReport] = []
    amendments: list[AmendmentReport] = []
    skipped: list[SkippedReport] = []
    base_moved: BaseMovedReport | None = None
    landing: LandingReport | None = None
    contract: list[AssertionReport] = []
    milestones: list[MilestoneReport]
    findings: list[FindingReport] = []
    totals: Totals

    def milestone(self, name: str) -> MilestoneReport:
        return next(m for m in self.milestones if m.name == name)

    def feature(self, identifier: str) -> FeatureReport:
        return next(f for m in self.milestones for f in m.features if f.id == identifier)
