"""A milestone's proof: validate, ask people, repair; sealed is only a commit that everything passed."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.outcome import Outcome
from blueprints.schema import Mode
from flows.gates import ask_about_findings, ask_person
from flows.outcome import MilestoneOutcome
from flows.parking import run_through
from flows.results import run_task
from ledger.report import StepStatus
from tasks.culprits import culprits_task
from tasks.land import land_task
from tasks.repair import repair_task, settle_repaired
from tasks.seal import advance, seal
from tasks.validate import validate_task
from validators.base import Observation, Verdict, VerdictStatus
from validators.convergence import stuck
from validators.landing import Landed, Refused
from validators.suite import Suite
from workspaces.findings import blocking_findings
from workspaces.hours import no_time_for_validation
from workspaces.mission import Mission


@dataclass
class Proof:
    """The rounds of one milestone, from its integrated commit to a seal or a reason why not."""

    mission: Mission
    milestone: str
    base: str
    commits: dict[str, str]
    """The commit of each feature."""
    rounds: list[list[Verdict]] = field(default_factory=list[list[Verdict]])
    seen: list[str] = field(default_factory=list[str])

    async def reach(self, commit: str) -> MilestoneOutcome:
        """Repair at most `repairs` times. Repairs of a former life of the run are taken up without being counted."""
        left = self.mission.plan.blueprint.repairs
        while True:
            verdicts = await self._round(commit)
            if verdicts is None:
                return self._outcome(StepStatus.STOPPED, "the mission was stopped")
            failing = [verdict for verdict in verdicts if not verdict.passed]
            if not failing:
                settle_repaired(self.mission, self.milestone, commit)
                if not blocking_findings(self.mission, self.milestone):
                    return await self._seal(commit, verdicts)
            if failing and len(self.rounds) == 1 and len(self.commits) > 1:
                await run_task(culprits_task, self.mission.run, self.milestone, self.base, commit, failing)
            hopeless = stuck(self.rounds)
            repair = await self._repair(commit, failing) if left and not hopeless else None
            if repair is None or repair.commit is None or repair.commit in self.seen:
                if _only_findings(failing) and not self.mission.stop.is_set():
                    return await self._decided(commit, verdicts)
                return self._not_proved(failing, repair, hopeless)
            left -= repair.fresh
            commit = repair.commit

    async def _round(self, commit: str) -> list[Verdict] | None:
        """A verdict for every check; people are asked only when nothing else fails. None: the mission was stopped."""
        if no_time_for_validation(self.mission, self.milestone):
            return None
        self.seen.append(commit)
        verdicts: list[Verdict] | None = await run_through(
            self.mission, validate_task, self.milestone, self.base, commit, len(self.seen), self.commits
        )
        if verdicts is None or self.mission.stop.is_set():
            return None
        if all(verdict.passed for verdict in verdicts):
            answers = await self._ask(commit)
            if answers is None:
                return None
            verdicts += answers
        self.rounds.append(verdicts)
        return verdicts

    async def _ask(self, commit: str) -> list[Verdict] | None:
        suite = self._suite(commit)
        answers: list[Verdict] = []
        for check in suite.milestone.checks:
            if check.check.kind != "manual":
                continue
            verdict = suite.known(check)
            if verdict is None:
                answer: Observation | None = await run_task(
                    ask_person, self.mission.run, self.milestone, check.id, commit
                )
                if answer is None:
                    return None
                verdict = suite.answered(check, answer)
            answers.append(verdict)
        return answers

    async def _repair(self, commit: str, failing: list[Verdict]) -> Outcome:
        repair: Outcome | None = await run_through(self.mission, repair_task, self.milestone, commit, failing)
        stopped = Outcome(name=self.milestone, status=StepStatus.STOPPED, reason="the mission was stopped")
        return repair or stopped

    async def _decided(self, commit: str, verdicts: list[Verdict]) -> MilestoneOutcome:
        """Only findings stand in the way, and no repair has removed them: a person decides."""
        reason = await run_task(ask_about_findings, self.mission.run, self.milestone)
        if reason is None:
            excused = self._suite(commit).excused(verdicts)
            answers = await self._ask(commit) if excused != verdicts else []
            if answers is None:
                return self._outcome(StepStatus.STOPPED, "the mission was stopped")
            return await self._sealed_or_not(commit, excused + answers)
        return self._outcome(StepStatus.STOPPED if self.mission.halted else StepStatus.FAILED, reason)

    async def _sealed_or_not(self, commit: str, verdicts: list[Verdict]) -> MilestoneOutcome:
        failing = [verdict for verdict in verdicts if not verdict.passed]
        return self._not_proved(failing, None, None) if failing else await self._seal(commit, verdicts)

    def _suite(self, commit: str) -> Suite:
        planned = self.mission.plan.milestone(self.milestone)
        return Suite(self.mission, planned, self.base, commit, len(self.seen), self.commits)

    async def _seal(self, commit: str, verdicts: list[Verdict]) -> MilestoneOutcome:
        if reason := advance(self.mission, self.milestone, self.base, commit, verdicts):
            return self._outcome(StepStatus.FAILED, reason)
        if self.mission.plan.blueprint.mode is Mode.POC and (not_landed := await self._land(commit, verdicts)):
            return not_landed
        seal(self.mission, self.milestone, self.base, commit)
        return self._outcome(StepStatus.SEALED, commit=commit)

    async def _land(self, commit: str, verdicts: list[Verdict]) -> MilestoneOutcome | None:
        """The base branch moves too. What becomes of the milestone when it does not; None when it does."""
        landed: Landed | Refused | None = await run_through(self.mission, land_task, self.milestone, commit, verdicts)
        if isinstance(landed, Landed):
            return None
        if landed is None or self.mission.stop.is_set():
            return self._outcome(StepStatus.STOPPED, "the mission was stopped")
        return self._outcome(StepStatus.FAILED, landed.reason)

    def _not_proved(self, failing: list[Verdict], repair: Outcome | None, hopeless: str | None) -> MilestoneOutcome:
        reason = "not proved: " + ", ".join(f"{verdict.id} {verdict.status}" for verdict in failing)
        if hopeless:
            reason += f"; {hopeless}"
        if repair is not None:
            told = repair.reason or "it leads back to a commit that failed before"
            reason += f"; the repair {repair.status}: {told}"
        stopped = repair is not None and repair.status is StepStatus.STOPPED
        return self._outcome(StepStatus.STOPPED if stopped else StepStatus.FAILED, reason)

    def _outcome(self, status: StepStatus, reason: str = "", *, commit: str | None = None) -> MilestoneOutcome:
        return MilestoneOutcome(name=self.milestone, status=status, commit=commit, reason=reason)


def _only_findings(failing: list[Verdict]) -> bool:
    """Whether nothing fails but reviews, which pass when what they found is dismissed."""
    return all(verdict.kind == "review" and verdict.status is VerdictStatus.FAILED for verdict in failing)
