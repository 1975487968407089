"""What a milestone was merged from, and any part of it put together again, in no checkout."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from ledger.events import Kind
from workspaces import git
from workspaces.merge import Conflict, merge
from workspaces.mission import Mission


@dataclass(frozen=True)
class Part:
    """A feature as it was merged."""

    feature: str
    commit: str
    """The commit that was merged."""
    onto: str
    """The milestone's commit before."""
    tip: str
    """And after: with this one and all before it."""


@dataclass(frozen=True)
class Parts:
    """The features of one milestone in the order in which they were merged."""

    root: Path
    parts: Sequence[Part]
    _made: dict[frozenset[str], str | None] = field(default_factory=dict[frozenset[str], str | None], repr=False)
    _needs: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], repr=False)

    @classmethod
    def of(cls, mission: Mission, milestone: str, base: str, tip: str) -> Parts:
        """As the merge commits between `base` and `tip` and the ledger tell; what changed nothing is no part."""
        integrated = [
            event.data
            for event in mission.ledger.events
            if event.kind is Kind.FEATURE_INTEGRATED and event.data["milestone"] == milestone
        ]
        features = {data["commit"]: data["featureId"] for data in reversed(integrated)}  # the first is who was merged
        parts = list[Part]()
        while tip != base and len(parents := git.parents_of(mission.root, tip)) == 2:
            if tip in features:
                parts.append(Part(features[tip], parents[1], parents[0], tip))
            tip = parents[0]
        return cls(mission.root, parts[::-1])

    @property
    def features(self) -> list[str]:
        return [part.feature for part in self.parts]

    def besides(self, features: Collection[str]) -> list[str]:
        """Those that these do not build on, and are not."""
        return [name for name in self.features if name not in self._with_needs(features)]

    def commit_of(self, features: Collection[str]) -> str | None:
        """A commit with these features, what they build on, and no other; None when git cannot make one.

        They are merged anew, after as many as the milestone began with; where that conflicts, the others are taken
        out of what the milestone made of them all. So a conflict that was resolved once stays resolved.
        """
        wanted = self._with_needs(features)
        if wanted not in self._made:
            self._made[wanted] = self._merged(wanted) or self._taken_out(wanted)
        return self._made[wanted]

    def _with_needs(self, features: Collection[str]) -> frozenset[str]:
        named = [part for part in self.parts if part.feature in features]
        return frozenset[str]().union(*map(self._needed, named))

    def _needed(self, part: Part) -> frozenset[str]:
        """Itself and what its commit holds: a feature that was built anew stands on all that was merged before."""
        if part.feature not in self._needs:
            earlier = self.parts[: self.parts.index(part)]
            held = [each.feature for each in earlier if git.is_ancestor(self.root, each.commit, part.commit)]
            self._needs[part.feature] = frozenset((part.feature, *held))
        return self._needs[part.feature]

    def _merged(self, wanted: Collection[str]) -> str | None:
        same = len(list(takewhile(lambda part: part.feature in wanted, self.parts)))
        rest = [part for part in self.parts[same:] if part.feature in wanted]
        commit = self.parts[same - 1].tip if same else rest.pop(0).commit
        for part in rest:
            merged = merge(self.root, commit, part.commit, f"Try {part.feature} with a part of its milestone")
            if isinstance(merged, Conflict):
                return None
            commit = merged.commit
        return commit

    def _taken_out(self, wanted: Collection[str]) -> str | None:
        last = max(number for number, part in enumerate(self.parts) if part.feature in wanted)
        commit = self.parts[last].tip
        for part in reversed(self.parts[:last]):
            if part.feature not in wanted:
                tree = self._tree_without(part, commit)
                if tree is None:
                    return None
                commit = git.commit_tree(self.root, tree, [commit], f"Try its milestone without {part.feature}")
        return commit

    def _tree_without(self, part: Part, commit: str) -> str | None:
        """What its merge changed, undone: a merge whose common ancestor is that merge, one side what was before."""
        ancestor, now, before = (git.tree_of(self.root, each) for each in (part.tip, commit, part.onto))
        start = git.commit_tree(self.root, ancestor, [], f"With {part.feature}")
        sides = [git.commit_tree(self.root, tree, [start], f"Without {part.feature}") for tree in (now, before)]
        result = git.merge_tree(self.root, *sides)
        return result.tree if result.clean else None
