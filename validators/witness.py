"""What a check says before the work: proof that it can tell the work from its absence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from blueprints.digest import digest
from blueprints.fields import Recorded
from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Kind
from validators import recorded_results
from validators.base import TestResult, VerdictStatus
from validators.look import environment_digest, look
from workspaces.mission import Mission


class Witness(Recorded):
    """A check's status on a base."""

    id: str
    base: str
    status: VerdictStatus
    reason: str
    seen: str
    """Folder of the evidence, relative to the run folder."""
    results: str | None = None
    """Digest of each test's result, where they are known."""

    def tests(self, mission: Mission) -> dict[str, TestResult] | None:
        """Each test's result; None when somebody changed what was kept of them."""
        return recorded_results.read(mission.folder.path / self.seen, self.results) if self.results else {}


def verdict_key(planned: PlannedCheck, commit: str, milestone: PlannedMilestone | None = None) -> str:
    """The content key of a verdict: the same check on the same commit is not run twice.

    What people judge depends on the sentence, too; what agents judge, on the milestone's features and assertions.
    """
    if planned.automatic or milestone is None:
        return digest("verdict", planned.key, commit, [])
    about = milestone.name if planned.check.kind == "manual" else milestone.work
    return digest("verdict", planned.key, commit, [planned.id, planned.says, about])


def witness_key(mission: Mission, planned: PlannedCheck, base: str) -> str:
    """The content key of a check's conclusive status on a base."""
    return digest("witness", planned.key, base, environment_digest(mission))


def witness(mission: Mission, planned: PlannedCheck, milestone: str, base: str) -> Witness:
    """The check on `base`: as recorded, as a former milestone's verdict says, or by running it there.

    What was inconclusive may have lacked a tool: it is looked at again in each life of the run.
    """
    key = witness_key(mission, planned, base)
    with mission.alone(key):
        if recorded := mission.ledger.recorded(key) or mission.ledger.recorded(for_now(mission, key)):
            return Witness.model_validate({**recorded.data, "id": planned.id})
        if passed := mission.ledger.recorded(verdict_key(planned, base)):  # of a sealed milestone
            return Witness.model_validate({**passed.data, "id": planned.id, "base": base})
        return _new(mission, planned, milestone, base, key)


def witness_all(mission: Mission, checks: Sequence[PlannedCheck], milestone: str, base: str) -> list[Witness]:
    """All of them, at most `maxConcurrency` at once."""

    def look_at(planned: PlannedCheck) -> Witness:
        return witness(mission, planned, milestone, base)

    with ThreadPoolExecutor(mission.max_concurrency) as pool:
        return list(pool.map(look_at, checks))


def for_now(mission: Mission, key: str) -> str:
    """The key of a step that is done for this life of the run only."""
    lives = sum(event.kind is Kind.MISSION_RUN_STARTED for event in mission.ledger.events)
    return f"{key}.{lives}"


def green(checks: Iterable[PlannedCheck], witnesses: Iterable[Witness]) -> list[str]:
    """Assertions that must not pass before the work, but whose checks all do."""
    seen = {w.id: w.status for w in witnesses}
    proofs: dict[str, list[bool]] = {}
    for planned in checks:
        if planned.discriminating and planned.assertion and planned.id in seen:
            proofs.setdefault(planned.assertion, []).append(seen[planned.id] is VerdictStatus.PASSED)
    return [assertion for assertion, passed in proofs.items() if all(passed)]


def broken(checks: Iterable[PlannedCheck], witnesses: Iterable[Witness]) -> list[Witness]:
    """Invariants that do not hold before the work."""
    invariants = {planned.id for planned in checks if planned.invariant}
    return [w for w in witnesses if w.id in invariants and w.status is not VerdictStatus.PASSED]


def _new(mission: Mission, planned: PlannedCheck, milestone: str, base: str, key: str) -> Witness:
    evidence = mission.folder.evidence(milestone, planned.id) / "base"
    observation = look(mission, planned, base, evidence=evidence, name=f"base.{milestone}.{planned.id}")
    found = Witness(
        id=planned.id,
        base=base,
        status=observation.status,
        reason=observation.reason,
        seen=str(evidence.relative_to(mission.folder.path)),
        results=recorded_results.digest_of(observation.tests),
    )
    if found.status is VerdictStatus.INCONCLUSIVE:
        key = for_now(mission, key)
    if not mission.stop.is_set():  # a look that was stopped with the mission saw nothing
        facts = {"milestone": milestone, "assertion": planned.assertion, "since": planned.since}
        mission.ledger.append(Kind.CHECK_WITNESSED, key=key, **facts, **found.model_dump(mode="json"))
    return found
