"""What several looks add up to: flaky or not, new or pre-existing, and whether all tests are still there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from blueprints.checks import TestsBase
from blueprints.plan import PlannedCheck
from validators.base import Observation, TestResult, VerdictStatus
from validators.witness import Witness, witness
from workspaces.mission import Mission

_NAMED = 5
"""How many tests a reason names."""


@dataclass(frozen=True)
class Ruling:
    observation: Observation
    runs: list[VerdictStatus]
    """The status of each look."""
    pre_existing: bool = False
    quarantined: str | None = None


def rule(
    mission: Mission,
    milestone: str,
    base: str,
    planned: PlannedCheck,
    first: Observation,
    *,
    again: Callable[[int], Observation],
) -> Ruling:
    """Judge a check by its first look, by looking again when that failed, and by what it says on the base."""
    runs = [first]
    if first.status is VerdictStatus.FAILED and planned.automatic:
        for number in range(mission.plan.blueprint.reruns):
            if not mission.stop.is_set():
                runs.append(again(number + 2))
    statuses = [run.status for run in runs]
    if VerdictStatus.PASSED in statuses[1:]:
        return _flaky(mission, planned, first, statuses)
    if not planned.automatic or mission.stop.is_set():
        return Ruling(first, statuses)
    ruling = Ruling(first, statuses)
    if first.status is VerdictStatus.FAILED and not planned.is_new_in(milestone):
        ruling = _compared(mission, planned, first, statuses, witness(mission, planned, milestone, base))
    if ruling.observation.status is VerdictStatus.PASSED:
        return replace(ruling, observation=_with_all_tests(mission, milestone, base, planned, ruling.observation))
    return ruling


def _flaky(mission: Mission, planned: PlannedCheck, first: Observation, statuses: list[VerdictStatus]) -> Ruling:
    """Mixed results prove nothing, unless somebody quarantined the check by name and for a time."""
    passed = statuses.count(VerdictStatus.PASSED)
    told = f"flaky: {passed} of {len(statuses)} runs passed"
    quarantine = mission.plan.blueprint.quarantine
    entry = next((quarantine[name] for name in planned.names if name in quarantine), None)
    if entry is None:
        return Ruling(replace(first, status=VerdictStatus.INCONCLUSIVE, reason=f"{told}; {first.reason}"), statuses)
    if entry.until < datetime.now(UTC).date():
        told = f"{told}; its quarantine ended on {entry.until}; {first.reason}"
        return Ruling(replace(first, status=VerdictStatus.INCONCLUSIVE, reason=told), statuses)
    told = f"{told}; quarantined until {entry.until}: {entry.because}"
    return Ruling(replace(first, status=VerdictStatus.PASSED, reason=told), statuses, quarantined=str(entry.until))


def _with_all_tests(
    mission: Mission, milestone: str, base: str, planned: PlannedCheck, passed: Observation
) -> Observation:
    """A pass, unless tests that passed on the base did not run: a deleted or skipped test is not a passed one."""
    check, now = planned.check, passed.tests
    if not isinstance(check, TestsBase) or now is None:
        return passed
    seen = witness(mission, planned, milestone, base)
    before = seen.tests(mission)
    if before is None:
        told = f"what was kept of the tests' results on the base {seen.base[:12]} is not as it was recorded"
        return replace(passed, status=VerdictStatus.INCONCLUSIVE, reason=told)
    ran = {name for name, result in now.items() if result is not TestResult.SKIPPED}
    lost = [name for name, result in before.items() if result is TestResult.PASSED and name not in ran]
    lost = [name for name in lost if not any(fnmatchcase(name, pattern) for pattern in check.retired)]
    if not lost and seen.results is None and not planned.is_new_in(milestone):
        told = f"{passed.reason}; which tests passed on the base is not known: {seen.reason}"
        return replace(passed, reason=told)
    if not lost:
        return passed
    reason = f"{len(lost)} tests that passed on the base did not run now: {_some(lost)}"
    return replace(passed, status=VerdictStatus.INCONCLUSIVE, reason=reason)


def _compared(
    mission: Mission, planned: PlannedCheck, failed: Observation, statuses: list[VerdictStatus], base: Witness
) -> Ruling:
    """A failure is pre-existing only if running on the base shows it there too."""
    if base.status is not VerdictStatus.FAILED:
        return Ruling(failed, statuses)
    check = planned.check
    if isinstance(check, TestsBase) and failed.tests is not None:
        before = base.tests(mission) or {}
        failing = [name for name, result in failed.tests.items() if result is TestResult.FAILED]
        new = [name for name in failing if before.get(name) is not TestResult.FAILED]
        if new or not failing:
            reason = f"{failed.reason} (new: {_some(new)})" if new else failed.reason
            return Ruling(replace(failed, reason=reason), statuses)
        if check.allow_pre_existing:
            told = f"{len(failing)} tests fail on the base {base.base[:12]} too, and no other does: {_some(failing)}"
            return Ruling(replace(failed, status=VerdictStatus.PASSED, reason=told), statuses, pre_existing=True)
    told = f"pre-existing: it fails on the milestone's base {base.base[:12]} too; {failed.reason}"
    return Ruling(replace(failed, reason=told), statuses, pre_existing=True)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
