"""All checks of a milestone, each in a clean checkout of the same commit."""

from __future__ import annotations

import shutil
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blueprints.digest import digest
from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Kind
from validators import validator_for
from validators.base import Bench, Observation, Verdict
from workspaces import git
from workspaces.mission import Mission
from workspaces.preparation import NotPreparedError, prepare
from workspaces.workplace import workplace

_FIELDS = [field.alias or name for name, field in Verdict.model_fields.items()]


@dataclass(frozen=True)
class Suite:
    """One round of validation."""

    mission: Mission
    milestone: PlannedMilestone
    commit: str
    round: int

    def run(self) -> list[Verdict]:
        """A verdict for each check, in the plan's order; at most `maxConcurrency` checks at once."""
        m = self.mission
        m.ledger.append(
            Kind.MILESTONE_VALIDATION_TRIGGERED,
            milestone=self.milestone.name,
            round=self.round,
            commit=self.commit,
        )
        with ThreadPoolExecutor(m.max_concurrency) as pool:
            return list(pool.map(self._verdict, self.milestone.checks))

    def _verdict(self, check: PlannedCheck) -> Verdict:
        """The verdict recorded for this check and commit if it passed, else a new one."""
        key = digest("verdict", check.key, self.commit)
        if recorded := self.mission.ledger.recorded(key):
            found = Verdict.model_validate({name: recorded.data[name] for name in _FIELDS})
            # Another check may have been the same command, and another plan have asked for it.
            own = {"id": check.id, "says": check.says, "contract": self.mission.plan.digest}
            verdict = found.model_copy(update=own)
        else:
            verdict = self._new(check)
        if not self.mission.stop.is_set():  # a check that was stopped with the mission says nothing about the commit
            self._record(verdict, key)
        return verdict

    def _new(self, check: PlannedCheck) -> Verdict:
        begun = time.monotonic()
        evidence = self.mission.folder.evidence(self.milestone.name, check.id) / f"round-{self.round}"
        shutil.rmtree(evidence, ignore_errors=True)
        evidence.mkdir(parents=True)
        finding = self._look(check, evidence)
        return Verdict(
            id=check.id,
            kind=check.check.kind,
            says=check.says,
            status=finding.status,
            commit=self.commit,
            contract=self.mission.plan.digest,
            command=check.check.summary,
            reason=finding.reason,
            exit_code=finding.exit_code,
            seconds=round(time.monotonic() - begun, 3),
            evidence=sorted(str(p.relative_to(self.mission.folder.path)) for p in evidence.rglob("*") if p.is_file()),
        )

    def _look(self, check: PlannedCheck, evidence: Path) -> Observation:
        try:
            with self._checkout(check, evidence) as checkout:
                return validator_for(check.check).look(Bench(checkout, evidence, self.mission.stop))
        except (NotPreparedError, git.GitError, OSError) as error:
            return Observation.inconclusive(str(error))

    @contextmanager
    def _checkout(self, check: PlannedCheck, evidence: Path) -> Generator[Path]:
        m = self.mission
        name = f"check.{self.milestone.name}.{check.id}.{self.round}"
        with workplace(m, name, self.commit) as workspace:
            prepare(workspace.path, m.plan.blueprint.setup, stop=m.stop, transcript=evidence / "setup.log")
            yield workspace.path

    def _record(self, verdict: Verdict, key: str) -> None:
        """Only a pass is a finished step: what did not pass is looked at again when the mission is resumed."""
        step = {"key": key} if verdict.passed else {}
        self.mission.ledger.append(
            Kind.VERDICT_RECORDED,
            milestone=self.milestone.name,
            round=self.round,
            **verdict.model_dump(mode="json"),
            **step,
        )
