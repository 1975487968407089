"""The tests that a feature adds: red without its work, green with it."""

from __future__ import annotations

from blueprints.digest import digest
from blueprints.plan import PlannedCheck, PlannedFeature
from blueprints.schema import FeatureTests
from ledger.events import Kind
from validators.base import Observation, VerdictStatus
from validators.look import look
from workspaces import git
from workspaces.mission import Mission

_STOPPED = "the mission was stopped"


class AddedTests(PlannedCheck):
    """A check that runs the tests a feature adds."""

    files: list[str]


def added_by(mission: Mission, milestone: str, feature: PlannedFeature, base: str, commit: str) -> AddedTests | None:
    """The check of the tests that the feature adds or changes between `base` and `commit`, if there are any."""
    tests = mission.plan.blueprint.tests
    changes: git.Changes = git.changes(mission.root, base, commit, tests.paths) if tests else {}
    files = [path for path, change in changes.items() if change.new_blob]
    return _planned(milestone, feature, tests, files) if tests and files else None


def refusal(mission: Mission, milestone: str, feature: PlannedFeature, base: str, commit: str) -> str | None:
    """Why the tests between `base` and `commit` prove nothing about the work, or None.

    Only the test files are put into a checkout of `base`, where they must not pass (one that cannot even be loaded
    there does not); on `commit` they must. What was seen is recorded. A feature without tests, and a mission that
    names no test files, have nothing to witness.
    """
    planned = added_by(mission, milestone, feature, base, commit)
    if planned is None:
        return None
    files = planned.files
    after = _look(mission, milestone, planned, commit, None)
    if mission.stop.is_set():
        return _STOPPED
    if after.status is not VerdictStatus.PASSED:
        return f"its own tests do not pass on its commit: {after.reason}"
    before = None if feature.tests_only else _look(mission, milestone, planned, base, commit)
    if mission.stop.is_set():
        return _STOPPED
    if before and before.status is VerdictStatus.PASSED:
        return f"its tests pass without its work, so they prove nothing: {', '.join(files)}"
    mission.ledger.append(
        Kind.TESTS_WITNESSED,
        milestone=milestone,
        featureId=feature.id,
        base=base,
        commit=commit,
        files=files,
        red=before.reason if before else "",
        green=after.reason,
    )
    return None


def _planned(milestone: str, feature: PlannedFeature, tests: FeatureTests, files: list[str]) -> AddedTests:
    says, key = f"the tests of {feature.id}", digest("tests", tests, files)
    return AddedTests(id=f"tests.{feature.id}", says=says, check=tests.check, since=milestone, key=key, files=files)


def _look(mission: Mission, milestone: str, planned: AddedTests, commit: str, tests_from: str | None) -> Observation:
    when = "before" if tests_from else "after"
    return look(
        mission,
        planned,
        commit,
        evidence=mission.folder.evidence(milestone, planned.id) / when,
        name=f"{planned.id}.{when}",
        tests=planned.files,
        tests_from=tests_from,
    )
