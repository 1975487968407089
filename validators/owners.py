"""Whose a check is: a feature's that must fulfil its assertion, or that added all of the tests that fail."""

from __future__ import annotations

from blueprints.plan import PlannedCheck, PlannedMilestone
from validators import recorded_results
from validators.base import TestResult, Verdict
from workspaces import git
from workspaces.mission import Mission
from workspaces.parts import Parts


def owners(
    mission: Mission, milestone: PlannedMilestone, parts: Parts, base: str, planned: PlannedCheck, verdict: Verdict
) -> list[str]:
    """Features of the milestone without which the check could not even fail as it did; none, if nobody can tell."""
    fulfilling = {feature.id for feature in milestone.features if planned.assertion in feature.assertions}
    named = [name for name in parts.features if name in fulfilling]
    return named or _author(mission, parts, base, _failing_files(mission, verdict))


def _failing_files(mission: Mission, verdict: Verdict) -> set[str]:
    """Of tests that go by their files, as those of pytest do."""
    folder = mission.folder.path / verdict.seen
    tests = recorded_results.read(folder, verdict.results) if verdict.results else None
    return {name.partition("::")[0] for name, result in (tests or {}).items() if result is TestResult.FAILED}


def _author(mission: Mission, parts: Parts, base: str, files: set[str]) -> list[str]:
    """The one that added all of them."""
    for part in parts.parts if files else ():
        changes = git.changes(mission.root, base, part.commit)
        if added := {path for path in files if path in changes and not changes[path].old_blob}:
            return [part.feature] if added == files else []
    return []
