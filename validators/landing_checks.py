"""What judges a commit that is to land on the base branch: a milestone's checks, as a milestone of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Kind
from ledger.fold import build_report
from ledger.report import LANDING
from validators.base import Observation, Verdict
from validators.suite import Suite
from validators.witness import verdict_key
from workspaces.mission import Mission


@dataclass(frozen=True)
class LandingChecks:
    """Evidence, verdicts and findings go by a name of this commit's own, and are mixed with nobody else's."""

    mission: Mission
    milestone: str
    result: str
    """What the milestone came to."""
    tip: str
    """Where the base branch is."""
    commit: str
    """What is judged: the result, or its merge with the tip."""

    def unproved(self, proofs: Sequence[Verdict]) -> list[PlannedCheck]:
        """Those that are not known to pass on exactly this commit, by `proofs` or by the ledger."""
        if self._is_merge:
            return self._planned.checks
        known = {verdict.id for verdict in proofs if verdict.passed and verdict.commit == self.commit}
        return [c for c in self._planned.checks if c.id not in known and not self._is_recorded(c)]

    def run(self, *, without: Sequence[PlannedCheck]) -> list[Verdict]:
        """A verdict for each that needs no person; a pass that is recorded for this commit is not looked for again."""
        checks = self._planned.checks  # manual ones too: what they are about, a tester may be asked as well
        return self._suite([c for c in checks if c.check.kind == "manual" or c not in without]).run()

    def vouch(self, checks: Sequence[PlannedCheck], word: Observation) -> list[Verdict]:
        """The verdicts that somebody's word makes."""
        suite = self._suite(checks)
        return [suite.answered(check, word) for check in suite.milestone.checks]

    @property
    def _is_merge(self) -> bool:
        return self.commit != self.result

    @property
    def _planned(self) -> PlannedMilestone:
        return self.mission.plan.milestone(self.milestone)

    def _is_recorded(self, check: PlannedCheck) -> bool:
        """A person's answer holds wherever it was given; what a check saw, in an environment like this one."""
        if check.check.kind == "manual":
            return self.mission.ledger.recorded(verdict_key(check, self.commit, self._planned)) is not None
        return Suite(self.mission, self._planned, self.tip, self.commit, 0, {}).recorded(check) is not None

    def _suite(self, checks: Sequence[PlannedCheck]) -> Suite:
        """A merge is compared with the tip, where none of the assertions has to hold: they are new in it.

        The result was compared with the milestone's base before, and is once more.
        """
        name = f"{LANDING}{self.commit[:12]}"
        events = self.mission.ledger.events
        before = build_report(self.mission.run, self.mission.plan, events).milestone(self.milestone)
        commits = {feature.id: feature.commit for feature in before.features if feature.commit}
        own = [check.model_copy(update={"since": name}) for check in checks]
        planned = self._planned.model_copy(update={"name": name, "checks": own})
        begun = [e.data["milestone"] for e in events if e.kind is Kind.MILESTONE_VALIDATION_TRIGGERED]
        base = self.tip if self._is_merge else (before.base or self.mission.repository.base)
        return Suite(self._judging(), planned, base, self.commit, begun.count(name) + 1, commits)

    def _judging(self) -> Mission:
        """The mission, with the checks' own files as they are on the branch by now: its owner may have changed them.

        Not when an earlier milestone has landed there: the branch holds agents' work then, and what judges work
        must not come from it.
        """
        if not self._is_merge or landings(self.mission):
            return self.mission
        return replace(self.mission, repository=replace(self.mission.repository, base=self.tip))


def landings(mission: Mission) -> set[str]:
    """The commits that this run has brought to the base branch so far."""
    return {event.data["commit"] for event in mission.ledger.events if event.kind is Kind.RESULT_LANDED}
