"""Checks tried out on a commit before anything is claimed of it: once for each tree, whoever asks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from blueprints.digest import digest
from blueprints.fields import Recorded
from blueprints.plan import PlannedCheck, PlannedMilestone
from ledger.events import Event, Kind
from validators import recorded_results
from validators.added_tests import AddedTests
from validators.base import Observation, Verdict, VerdictStatus
from validators.look import environment_digest, look
from validators.witness import Witness, for_now, verdict_key, witness_key
from workspaces import git
from workspaces.mission import Mission


class Trial(Recorded):
    """What a check said about a tree, as the ledger keeps it."""

    id: str
    commit: str
    """The commit that was looked at; the same holds for each of its tree."""
    tree: str
    status: VerdictStatus
    reason: str
    exit_code: int | None
    runs: list[VerdictStatus]
    """The status of each look."""
    seconds: float
    seen: str
    """Folder of the evidence, relative to the run folder."""
    results: str | None = None
    """Digest of each test's result, where they are known."""

    def observation(self, mission: Mission) -> Observation | None:
        """What was seen; None when somebody changed what was kept of it."""
        folder = mission.folder.path / self.seen
        tests = recorded_results.read(folder, self.results) if self.results else None
        if not folder.is_dir() or (self.results and tests is None):
            return None
        return Observation(self.status, self.reason, self.exit_code, tests)


def try_out(
    mission: Mission, milestone: PlannedMilestone, commit: str, checks: Sequence[PlannedCheck]
) -> dict[str, Observation]:
    """What each of the automatic checks says about the commit, by the check's id; at most `maxConcurrency` at once.

    A check that fails is looked at a second time: mixed results are inconclusive. What is known of the commit's
    tree is not looked at again, in a later life of the run neither. Nothing is recorded of a look that the
    mission's stop ended.
    """
    return try_each(mission, milestone, [commit], checks)[commit]


def passed_before(mission: Mission, planned: PlannedCheck, commit: str, *, evidence: Path) -> Observation | None:
    """The pass that a trial saw on the commit's tree, what it left copied to `evidence`."""
    trial = tried(mission, planned, commit)
    seen = trial.observation(mission) if trial and trial.status is VerdictStatus.PASSED else None
    if trial and seen:
        shutil.rmtree(evidence, ignore_errors=True)
        shutil.copytree(mission.folder.path / trial.seen, evidence, symlinks=True)
    return seen


def try_each(
    mission: Mission, milestone: PlannedMilestone, commits: Sequence[str], checks: Sequence[PlannedCheck]
) -> dict[str, dict[str, Observation]]:
    """The same for several commits side by side, by commit and the check's id."""
    wanted = [(commit, check) for commit in dict.fromkeys(commits) for check in checks]

    def observe(commit: str, check: PlannedCheck) -> Observation:
        return _known_or_new(mission, milestone, commit, check)

    with ThreadPoolExecutor(mission.max_concurrency) as pool:
        seen = list(pool.map(observe, *zip(*wanted, strict=True))) if wanted else []
    found: dict[str, dict[str, Observation]] = {commit: {} for commit in commits}
    for (commit, check), observation in zip(wanted, seen, strict=True):
        found[commit][check.id] = observation
    return found


def tried(mission: Mission, planned: PlannedCheck, commit: str) -> Trial | None:
    """The trial of this check that was recorded for the commit's tree, in an environment like this one."""
    key = _key(mission, planned, commit)
    event = mission.ledger.recorded(key) or mission.ledger.recorded(for_now(mission, key))
    return Trial.model_validate(event.data) if event else None


def _known_or_new(mission: Mission, milestone: PlannedMilestone, commit: str, planned: PlannedCheck) -> Observation:
    key = _key(mission, planned, commit)
    with mission.alone(key):
        return _known(mission, commit, planned) or _new(mission, milestone, commit, planned, key)


def _key(mission: Mission, planned: PlannedCheck, commit: str) -> str:
    return digest("trial", planned.key, git.tree_of(mission.root, commit), environment_digest(mission))


def _known(mission: Mission, commit: str, planned: PlannedCheck) -> Observation | None:
    """As a trial, a verdict or a witness has it."""
    if trial := tried(mission, planned, commit):
        return trial.observation(mission)
    if passed := mission.ledger.recorded(verdict_key(planned, commit)):
        return _as_verdict_has_it(mission, passed)
    seen = mission.ledger.recorded(witness_key(mission, planned, commit))
    if seen is None:
        return None
    found = Witness.model_validate(seen.data)
    tests = found.tests(mission)
    return None if tests is None else Observation(found.status, found.reason, tests=tests or None)


def _as_verdict_has_it(mission: Mission, event: Event) -> Observation | None:
    found = Verdict.model_validate(event.data)
    if found.environment != environment_digest(mission):
        return None
    tests = recorded_results.read(mission.folder.path / found.seen, found.results) if found.results else None
    return None if found.results and tests is None else Observation(found.status, found.reason, found.exit_code, tests)


def _new(mission: Mission, milestone: PlannedMilestone, commit: str, planned: PlannedCheck, key: str) -> Observation:
    begun, tree = time.monotonic(), git.tree_of(mission.root, commit)
    evidence = mission.folder.evidence(milestone.name, planned.id) / f"trial-{tree[:12]}"
    looks: list[Observation] = []
    while not looks or (len(looks) == 1 and looks[0].status is VerdictStatus.FAILED and not mission.stop.is_set()):
        looks.append(
            look(
                mission,
                planned,
                commit,
                evidence=evidence / f"run-{len(looks) + 1}",
                name=f"check.trial.{milestone.name}.{planned.id}.{tree[:12]}",
                tests=planned.files if isinstance(planned, AddedTests) else (),
            )
        )
    seen = _settled(looks)
    trial = Trial(
        id=planned.id,
        commit=commit,
        tree=tree,
        status=seen.status,
        reason=seen.reason,
        exit_code=seen.exit_code,
        runs=[each.status for each in looks],
        seconds=round(time.monotonic() - begun, 3),
        seen=str((evidence / "run-1").relative_to(mission.folder.path)),
        results=recorded_results.digest_of(seen.tests),
    )
    _record(mission, milestone, planned, trial, key)
    return seen


def _settled(looks: Sequence[Observation]) -> Observation:
    first, last = looks[0], looks[-1]
    if first.status is VerdictStatus.FAILED and last.status is VerdictStatus.PASSED:
        return replace(first, status=VerdictStatus.INCONCLUSIVE, reason=f"flaky: 1 of 2 runs passed; {first.reason}")
    return first


def _record(mission: Mission, milestone: PlannedMilestone, planned: PlannedCheck, trial: Trial, key: str) -> None:
    """What was inconclusive without being flaky may have lacked a tool: it holds for this life of the run only."""
    if mission.stop.is_set():
        return
    if trial.status is VerdictStatus.INCONCLUSIVE and len(trial.runs) == 1:
        key = for_now(mission, key)
    facts = {"milestone": milestone.name, "assertion": planned.assertion}
    mission.ledger.append(Kind.CHECK_TRIED, key=key, **facts, **trial.model_dump(mode="json"))
