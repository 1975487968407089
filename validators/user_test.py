"""`kind: user-test`: a fresh agent uses the running program and says for each assertion what it saw."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agents.answers import AssertionStatus, JudgedAssertion, UserTest
from agents.base import Assignment
from agents.handoff import Issue, Severity
from agents.inquiry import Inquiry, NotAnswered, inquire
from blueprints.checks import UserTestCheck
from blueprints.plan import PlannedMilestone
from blueprints.schema import Role
from blueprints.text import counted
from validators.base import Bench, Observation
from workspaces import services
from workspaces.environment import secret_values
from workspaces.mission import Mission
from workspaces.transcript import redacted

LARGEST = 20_000_000
"""Bytes of a file of evidence."""


@dataclass(frozen=True)
class UserTestValidator:
    check: UserTestCheck
    mission: Mission
    milestone: PlannedMilestone
    identifier: str
    """The planned check's."""
    assertions: Mapping[str, str]
    """What to test: assertion id to sentence."""

    def look(self, bench: Bench) -> Observation:
        if not self.assertions:
            return Observation.inconclusive("there is no assertion to test")
        if missing := [name for name in self.check.services if name not in bench.addresses]:
            return Observation.inconclusive(f"the address of {', '.join(missing)} is not known")
        answer = inquire(self.mission, self._inquiry(bench))
        if isinstance(answer, NotAnswered):
            return Observation.inconclusive(f"user test: {answer.reason}")
        return replace(_judge(answer), issues=tuple(_issues(answer)))

    def _inquiry(self, bench: Bench) -> Inquiry[UserTest]:
        addresses = {name: bench.addresses[name] for name in self.check.services}
        return Inquiry(
            assignment=self._assignment(bench, addresses),
            answer=UserTest,
            place=self._empty_folder,
            timeout=self.check.timeout,
            evidence=bench.evidence,
            objection=lambda answer, folder: self._objection(answer, folder, bench.evidence),
            variables=services.variables(addresses),
        )

    def _assignment(self, bench: Bench, addresses: Mapping[str, str]) -> Assignment:
        return Assignment.of(
            self.mission,
            Role.TESTER,
            self.milestone.name,
            bench.commit,
            self.check.name or self.check.summary,
            feature=self.identifier,
            assertions=dict(self.assertions),
            addresses=addresses,
            instructions=bench.fill(self.check.instructions or ""),
        )

    @contextmanager
    def _empty_folder(self) -> Generator[Path]:
        """No checkout: a tester has no source to read the answer from.

        That is by arrangement. The tester runs as the user does, who could find the source; it is not told where.
        """
        room = self.mission.folder.worktrees / f"tester.{self.milestone.name}.{self.identifier}"
        shutil.rmtree(room, ignore_errors=True)
        (room / "folder").mkdir(parents=True)
        try:
            yield room / "folder"
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def _objection(self, answer: UserTest, folder: Path, evidence: Path) -> str:
        names = list(dict.fromkeys(name for judged in answer.assertions for name in judged.evidence))
        objection = answer.objection(set(self.assertions)) or _unkept(names, folder, evidence)
        if not objection:
            self._keep(names, folder, evidence)
        return objection

    def _keep(self, names: Sequence[str], folder: Path, evidence: Path) -> None:
        plan = self.mission.plan
        secrets = secret_values(plan.agent(plan.role(Role.TESTER)).env)
        for name in names:
            (evidence / name).parent.mkdir(parents=True, exist_ok=True)
            (evidence / name).write_bytes(redacted((folder / name).read_bytes(), secrets))


def _unkept(names: Sequence[str], folder: Path, evidence: Path) -> str:
    """Why one of the files cannot be kept as evidence, one clause; empty when all can."""
    for name in names:
        if not _is_own_file(name, folder):
            return f"its evidence '{name[:100]}' is not a plain file in its folder"
        if (folder / name).stat().st_size > LARGEST:
            return f"its evidence '{name[:100]}' is longer than {LARGEST} bytes"
        if (evidence / name).exists():
            return f"its evidence '{name[:100]}' has a name that the engine's own evidence has"
    return ""


def _is_own_file(name: str, folder: Path) -> bool:
    """Whether it is a file below `folder`, by a path that takes no detour: neither `..` nor a link."""
    path, top = folder / name, folder.resolve()
    try:
        straight = not Path(name).is_absolute() and ".." not in Path(name).parts
        return straight and path.is_file() and path.resolve() == top / name
    except OSError:  # a name that is too long, for instance
        return False


def _judge(answer: UserTest) -> Observation:
    """An assertion that was seen not to hold is a failure, whatever could not be tested besides."""
    if failed := answer.of_status(AssertionStatus.FAIL):
        return Observation.failed(_told(failed))
    if untested := answer.of_status(AssertionStatus.BLOCKED, AssertionStatus.SKIPPED):
        return Observation.inconclusive(_told(untested))
    steps = sum(len(judged.steps) for judged in answer.assertions)
    return Observation.passed(f"{counted(len(answer.assertions), 'assertion')} tested in {counted(steps, 'step')}")


def _told(judged: Sequence[JudgedAssertion]) -> str:
    return "; ".join(f"{one.id} {one.status}: {one.because}" for one in judged)


def _issues(answer: UserTest) -> Generator[Issue]:
    for judged in answer.assertions:
        for text in judged.issues:
            yield Issue(severity=Severity.NON_BLOCKING, description=f"{judged.id}: {text}")
    for text in answer.frictions:
        yield Issue(severity=Severity.NON_BLOCKING, description=text)
