"""Proof that what a feature changed is still there after everything was merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from blueprints.digest import digest
from blueprints.plan import PlannedMilestone
from ledger.events import Kind
from validators.base import VerdictStatus
from validators.change import Work
from validators.fitting import checks_of, is_quarantined
from validators.trial import try_out
from workspaces import git
from workspaces.mission import Mission
from workspaces.patches import lost_patches
from workspaces.resolution import Sides


@dataclass(frozen=True)
class Integrated:
    """A milestone with all of its features merged."""

    mission: Mission
    milestone: PlannedMilestone
    base: str
    tip: str
    commits: Mapping[str, str]
    """The commit of each feature, as it was merged."""
    made_anew: Collection[str] = ()
    """Paths that a tool made from everything else: nobody's change is looked for in them."""

    def missing(self) -> dict[str, list[str]]:
        """What was dropped, by feature. Of each of the others it is recorded how it was proved to be there."""
        found: dict[str, list[str]] = {}
        for feature in self.commits:
            if not self.mission.ledger.recorded(self._key(feature)) and (lost := self._prove(feature)):
                found[feature] = lost
        return found

    def _key(self, feature: str) -> str:
        return digest("presence", feature, self.commits[feature], self.tip)

    def _prove(self, feature: str) -> list[str]:
        """`contained` merges as nothing, `checked` lost nothing and passes, of `kept` validation has the last word."""
        how = "contained"
        if not self._is_contained(feature):
            if lost := self._lost(feature):
                return lost
            how = "checked" if self._passes(feature) else "kept"
        if not self.mission.stop.is_set():
            facts = {"featureId": feature, "commit": self.tip, "how": how}
            self.mission.ledger.append(
                Kind.PRESENCE_PROVED, milestone=self.milestone.name, key=self._key(feature), **facts
            )
        return []

    def _base_of(self, feature: str) -> str:
        return Work(self.mission, feature, self.commits[feature], self.base).base

    def _is_contained(self, feature: str) -> bool:
        """Whether its change, on top of where it began, is nothing to the tip: their ancestry proves nothing."""
        root, base = self.mission.root, self._base_of(feature)
        tip, change = (self._alone(commit, base) for commit in (self.tip, self.commits[feature]))
        merged = git.merge_tree(root, tip, change)
        return merged.clean and merged.tree == git.tree_of(root, tip)

    def _alone(self, commit: str, base: str) -> str:
        """The commit's content with nothing but `base` before it."""
        root = self.mission.root
        return git.commit_tree(root, git.tree_of(root, commit), [base], "What is there, to look for a change in it")

    def _lost(self, feature: str) -> list[str]:
        """Besides what features that build on it changed: they know what they do."""
        base, later = self._base_of(feature), self._changed_later(feature)
        sides = Sides.of(self.mission.root, base, self.commits[feature], git.tree_of(self.mission.root, self.tip))
        versions = tuple(v for v in sides.versions if v.path not in later and v.path not in self.made_anew)
        return list(lost_patches(Sides(sides.repo, versions), (feature, feature)))

    def _changed_later(self, feature: str) -> set[str]:
        root, mine = self.mission.root, self.commits[feature]
        built_on = [
            commit for name, commit in self.commits.items() if name != feature and git.is_ancestor(root, mine, commit)
        ]
        return {path for commit in built_on for path in git.changed_paths(root, mine, commit)}

    def _passes(self, feature: str) -> bool:
        planned = self.mission.plan.feature(feature)
        checks = checks_of(self.mission, self.milestone, planned, self.commits[feature], base=self.base)
        seen = try_out(self.mission, self.milestone, self.tip, checks)
        wanted = [check for check in checks if not is_quarantined(self.mission, check)]
        return bool(checks) and all(seen[check.id].status is VerdictStatus.PASSED for check in wanted)
