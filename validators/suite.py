"""All checks of a milestone on one commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from blueprints.checks import ReviewCheck, UserTestCheck
from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Kind, readable
from validators import recorded_results
from validators.arbiter import Ruling, rule
from validators.base import Observation, Validator, Verdict, VerdictStatus
from validators.look import environment_digest, look
from validators.review import ReviewValidator
from validators.trial import passed_before
from validators.user_test import UserTestValidator
from validators.witness import verdict_key
from workspaces import findings
from workspaces.mission import Mission


@dataclass(frozen=True)
class Suite:
    """One round of validation."""

    mission: Mission
    milestone: PlannedMilestone
    base: str
    """The milestone's base."""
    commit: str
    round: int
    commits: Mapping[str, str]
    """The commit of each feature."""

    def run(self) -> list[Verdict]:
        """A verdict for each check that needs no person, in the plan's order.

        At most `maxConcurrency` checks, and later agents, are at work at once: a review has several of its own.
        """
        m = self.mission
        m.ledger.append(
            Kind.MILESTONE_VALIDATION_TRIGGERED,
            milestone=self.milestone.name,
            round=self.round,
            commit=self.commit,
        )
        checks = [check for check in self.milestone.checks if check.check.kind != "manual"]
        together = [check for check in checks if check.check.kind != "review"]
        with ThreadPoolExecutor(m.max_concurrency) as pool:
            verdicts = {verdict.id: verdict for verdict in pool.map(self._verdict, together)}
        for check in checks:
            if check.id not in verdicts:
                verdicts[check.id] = self._verdict(check)
        return [verdicts[check.id] for check in checks]

    def answered(self, planned: PlannedCheck, answer: Observation) -> Verdict:
        """The verdict that a person's answer makes."""
        evidence = self._evidence(planned)
        evidence.mkdir(parents=True, exist_ok=True)
        (evidence / "answer.txt").write_text(answer.reason + "\n", encoding="utf-8")
        verdict = self._as_verdict(planned, Ruling(answer, [answer.status]), time.monotonic())
        self._record(verdict, planned)
        return verdict

    def recorded(self, planned: PlannedCheck) -> Verdict | None:
        """The verdict recorded for this check and commit, if it passed, and in an environment like this one."""
        event = self.mission.ledger.recorded(self._key(planned))
        if event is None or event.data["environment"] != environment_digest(self.mission):
            return None
        found = Verdict.model_validate(event.data)
        # Another check may have been the same, and another plan have asked for it.
        own = {
            "id": planned.id,
            "says": planned.says,
            "assertion": planned.assertion,
            "contract": self.mission.plan.digest,
        }
        return found.model_copy(update=own)

    def excused(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The same; a review whose every blocking issue has been dismissed since counts as passed, and is recorded."""
        planned = {check.id: check for check in self.milestone.checks}
        excused = [self._excused(planned[verdict.id], verdict) for verdict in verdicts]
        for before, after in zip(verdicts, excused, strict=True):
            if after != before:
                self._record(after, planned[after.id])
        return excused

    def _excused(self, planned: PlannedCheck, verdict: Verdict) -> Verdict:
        source, milestone = planned.id, self.milestone.name
        if not (planned.check.kind == "review" and verdict.status is VerdictStatus.FAILED):
            return verdict
        if any(finding.blocking for finding in findings.open_findings(self.mission, milestone, source=source)):
            return verdict
        told = f"{verdict.reason}; all of them dismissed"
        return verdict.model_copy(update={"status": VerdictStatus.PASSED, "reason": told})

    def _key(self, planned: PlannedCheck) -> str:
        return verdict_key(planned, self.commit, self.milestone)

    def known(self, planned: PlannedCheck) -> Verdict | None:
        """The recorded verdict, recorded for this round too."""
        verdict = self.recorded(planned)
        if verdict is not None:
            self._record(verdict, planned)
        return verdict

    def _verdict(self, planned: PlannedCheck) -> Verdict:
        verdict = self.recorded(planned) or self._new(planned)
        if not self.mission.stop.is_set():  # a check that was stopped with the mission says nothing about the commit
            self._record(verdict, planned)
        return verdict

    def _new(self, planned: PlannedCheck) -> Verdict:
        begun = time.monotonic()
        first = self._tried(planned) or self._look(planned, self._evidence(planned))
        ruling = rule(self.mission, self.milestone.name, self.base, planned, first, again=self._again(planned))
        if not self.mission.stop.is_set():
            self._note(planned, ruling.observation)
        return self._excused(planned, self._as_verdict(planned, ruling, begun))

    def _tried(self, planned: PlannedCheck) -> Observation | None:
        """The pass already seen on this very tree, before it was this commit's: a tree is not verified twice."""
        if not planned.automatic:
            return None
        return passed_before(self.mission, planned, self.commit, evidence=self._evidence(planned))

    def _again(self, planned: PlannedCheck) -> Callable[[int], Observation]:
        return lambda number: self._look(planned, self._evidence(planned) / f"run-{number}")

    def _look(self, planned: PlannedCheck, evidence: Path) -> Observation:
        return look(
            self.mission,
            planned,
            self.commit,
            evidence=evidence,
            name=f"check.{self.milestone.name}.{planned.id}.{self.round}",
            validator=self._asking(planned),
        )

    def _evidence(self, planned: PlannedCheck) -> Path:
        return self.mission.folder.evidence(self.milestone.name, planned.id) / f"round-{self.round}"

    def _asking(self, planned: PlannedCheck) -> Validator | None:
        """The validator of a check that an agent answers; None: the engine runs it."""
        m, check = self.mission, planned.check
        if isinstance(check, ReviewCheck):
            return ReviewValidator(
                check, m, self.milestone, planned.id, self.commits, self.base, self._to_verify(planned)
            )
        if isinstance(check, UserTestCheck):
            return UserTestValidator(check, m, self.milestone, planned.id, self._to_test(planned))
        return None

    def _to_verify(self, planned: PlannedCheck) -> dict[str, list[str]]:
        """What earlier rounds of this review found and nobody has settled, by feature."""
        earlier = [
            f for f in findings.open_findings(self.mission, self.milestone.name, source=planned.id) if f.blocking
        ]
        return {feature: [f.description for f in earlier if f.about == feature] for feature in self.commits}

    def _to_test(self, planned: PlannedCheck) -> dict[str, str]:
        """The assertion it proves; for a check of the milestone's own, all that the milestone claims so far."""
        if planned.assertion:
            return {planned.assertion: planned.says}
        return {check.assertion: check.says for check in self.milestone.checks if check.assertion}

    def _note(self, planned: PlannedCheck, seen: Observation) -> None:
        """Record what a reviewer or tester found; what a conclusive review of a later commit finds no more is fixed."""
        milestone = self.milestone.name
        for issue in seen.issues:
            findings.record(self.mission, milestone, planned.id, **issue.model_dump(mode="json"), commit=self.commit)
        if planned.check.kind != "review" or seen.status is VerdictStatus.INCONCLUSIVE:
            return
        refused = {issue.about for issue in seen.issues if issue.severity == "blocking"}
        for finding in findings.open_findings(self.mission, milestone, source=planned.id):
            if finding.blocking and finding.about not in refused and finding.commit != self.commit:
                findings.resolve(
                    self.mission, finding, "fixed", commit=self.commit, proof=f"{planned.id} finds it no more"
                )

    def _as_verdict(self, planned: PlannedCheck, ruling: Ruling, begun: float) -> Verdict:
        seen, folder, evidence = ruling.observation, self.mission.folder.path, self._evidence(planned)
        return Verdict(
            id=planned.id,
            kind=planned.check.kind,
            says=planned.says,
            assertion=planned.assertion,
            status=seen.status,
            commit=self.commit,
            contract=self.mission.plan.digest,
            environment=environment_digest(self.mission),
            command=planned.check.summary,
            reason=seen.reason,
            exit_code=seen.exit_code,
            seconds=round(time.monotonic() - begun, 3),
            runs=ruling.runs,
            pre_existing=ruling.pre_existing,
            quarantined=ruling.quarantined,
            evidence=sorted(readable(str(p.relative_to(folder))) for p in evidence.rglob("*") if p.is_file()),
            seen=str(evidence.relative_to(folder)),
            results=recorded_results.digest_of(seen.tests),
        )

    def _record(self, verdict: Verdict, planned: PlannedCheck) -> None:
        """Only a plain pass is a finished step: all else is looked at again when the mission is resumed."""
        plain = verdict.passed and not verdict.quarantined and not verdict.pre_existing
        step = {"key": self._key(planned)} if plain else {}
        self.mission.ledger.append(
            Kind.VERDICT_RECORDED,
            milestone=self.milestone.name,
            round=self.round,
            **verdict.model_dump(mode="json"),
            **step,
        )
