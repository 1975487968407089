"""Whether two commits fit together in a third: nothing of either side is lost, and both sides' checks hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from blueprints.plan import PlannedCheck, PlannedFeature, PlannedMilestone
from validators.added_tests import added_by
from validators.base import Observation, TestResult, VerdictStatus
from validators.change import Work
from validators.trial import try_each
from workspaces import git
from workspaces.mission import Mission
from workspaces.patches import lost_patches
from workspaces.resolution import Sides, remaining_markers


@dataclass(frozen=True)
class Opinion:
    """What can be said about one result of a merge."""

    objection: str = ""
    """Why it is not accepted; empty when nothing stands against it."""
    passing: frozenset[str] = frozenset()
    """The checks that pass on it."""


@dataclass(frozen=True)
class Fitting:
    """A feature's commit `theirs`, to be merged into `ours`, where the features `merged` are already."""

    mission: Mission
    milestone: PlannedMilestone
    merged: Mapping[str, str]
    """The commit of each."""
    ours: str
    feature: str
    theirs: str

    def opinions(self, commits: Sequence[str], *, made_anew: Collection[str] = ()) -> dict[str, Opinion]:
        """About each of the commits, which are tried out side by side.

        Paths that are `made_anew` by a tool from everything else are nobody's work, and cannot be lost.
        """
        found = {commit: Opinion("; ".join(lost)) for commit in commits if (lost := self._losses(commit, made_anew))}
        return found | self.tried_out([commit for commit in commits if commit not in found])

    def tried_out(self, commits: Sequence[str]) -> dict[str, Opinion]:
        """What the checks say about each of the commits."""
        seen = try_each(self.mission, self.milestone, commits, self.checks)
        return {commit: self._opinion(seen[commit]) for commit in commits}

    def of_rebuilt(self, commit: str) -> Opinion:
        """About the feature made anew on top of `ours`: what its former commit said may be gone."""
        lost = [line for line in self._losses(commit, ()) if line.startswith(f"lost: {self._others} ")]
        return Opinion("; ".join(lost)) if lost else self.tried_out([commit])[commit]

    def is_told_by(self, opinion: Opinion) -> bool:
        """Whether a check that passes can tell a right merge from a wrong one.

        A feature's own can; one of the milestone's, if it does not pass on both sides by themselves already.
        """
        checks = [check for check in self.checks if check.id in opinion.passing]
        if any(check not in self._of_milestone() for check in checks):
            return True
        sides = try_each(self.mission, self.milestone, [self.ours, self.theirs], checks)
        return any(each.status is not VerdictStatus.PASSED for seen in sides.values() for each in seen.values())

    @cached_property
    def checks(self) -> list[PlannedCheck]:
        """Those of all the features; where one side has none, the milestone's own too."""
        ours, theirs = self._sides
        own = self._of_milestone() if not ours or not theirs else []
        return list({check.id: check for check in (*ours, *theirs, *own)}.values())

    @cached_property
    def _sides(self) -> tuple[list[PlannedCheck], list[PlannedCheck]]:
        """The checks of the merged features, and those of the new one."""
        ours = [check for name, commit in self.merged.items() for check in self._checks_of(name, commit)]
        return ours, self._checks_of(self.feature, self.theirs)

    def _checks_of(self, name: str, commit: str) -> list[PlannedCheck]:
        feature = self.mission.plan.feature(name)
        fallback = git.merge_base(self.mission.root, self.ours, self.theirs) or self.ours
        return checks_of(self.mission, self.milestone, feature, commit, base=fallback)

    def _of_milestone(self) -> list[PlannedCheck]:
        return [check for check in self.milestone.checks if check.automatic and not check.assertion]

    def _losses(self, commit: str, made_anew: Collection[str]) -> list[str]:
        root = self.mission.root
        sides = Sides.of(root, self.ours, self.theirs, git.tree_of(root, commit))
        judged = replace(sides, versions=tuple(v for v in sides.versions if v.path not in made_anew))
        return [*remaining_markers(sides), *lost_patches(judged, (self._others, self.feature))]

    @property
    def _others(self) -> str:
        return ", ".join(self.merged) or "ours"

    def _opinion(self, seen: Mapping[str, Observation]) -> Opinion:
        failing = [check for check in self.checks if seen[check.id].status is not VerdictStatus.PASSED]
        blamed = [check for check in failing if not self._is_excused(check, seen[check.id])]
        told = "; ".join(f"{check.id} {seen[check.id].status}: {seen[check.id].reason}" for check in blamed)
        return Opinion(told, frozenset(name for name, each in seen.items() if each.status is VerdictStatus.PASSED))

    def _is_excused(self, check: PlannedCheck, seen: Observation) -> bool:
        """Mixed results that are let pass, and what does not pass on the side it belongs to either."""
        if seen.status is VerdictStatus.INCONCLUSIVE and is_quarantined(self.mission, check):
            return True
        return any(_no_better(before, seen) for before in self._before(check))

    def _before(self, check: PlannedCheck) -> list[Observation]:
        """The check on the sides it is about: a merged feature's on `ours`, the new one's on `theirs`."""
        others, mine = ({each.id for each in side} for side in self._sides)
        sides = [(self.ours, check.id not in mine - others), (self.theirs, check.id not in others - mine)]
        wanted = [commit for commit, about in sides if about]
        return [seen[check.id] for seen in try_each(self.mission, self.milestone, wanted, [check]).values()]


def checks_of(
    mission: Mission, milestone: PlannedMilestone, feature: PlannedFeature, commit: str, *, base: str
) -> list[PlannedCheck]:
    """What the engine can run to see whether the feature works: its assertions' checks and the tests it added.

    `base` is where it started, if the ledger does not tell.
    """
    planned = [check for check in milestone.checks if check.automatic and check.assertion in feature.assertions]
    start = Work(mission, feature.id, commit, base).base
    tests = added_by(mission, milestone.name, feature, start, commit)
    return [*planned, *([tests] if tests else [])]


def is_quarantined(mission: Mission, check: PlannedCheck) -> bool:
    """Whether somebody lets its mixed results pass today."""
    quarantine, today = mission.plan.blueprint.quarantine, datetime.now(UTC).date()
    return any(name in quarantine and quarantine[name].until >= today for name in check.names)


def _no_better(before: Observation, now: Observation) -> bool:
    """Whether it did not pass before either; of checks that know their tests, each that fails now."""
    if before.status is VerdictStatus.PASSED:
        return False
    if before.tests is None or now.tests is None:
        return True
    failing = {name for name, result in now.tests.items() if result is TestResult.FAILED}
    return failing <= {name for name, result in before.tests.items() if result is TestResult.FAILED}
