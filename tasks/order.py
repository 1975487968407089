"""Which feature is merged next: after those it waits for, then the one with the smallest conflict."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from blueprints.plan import PlannedFeature, PlannedMilestone
from workspaces import git
from workspaces.collisions import overlap


def next_to_merge(
    repo: Path, milestone: PlannedMilestone, base: str, tip: str, merged: Mapping[str, str], commits: Mapping[str, str]
) -> PlannedFeature:
    """Of the features that are not in `tip` yet; equals go by the plan's order. It depends on the commits alone."""
    left = [feature for feature in milestone.in_order() if feature.id not in merged]
    ready = [feature for feature in left if merged.keys() >= set(feature.waits_for)]
    if len(ready) == 1:
        return ready[0]
    there = _changed(repo, base, tip)
    return min(ready, key=lambda feature: _expected(repo, base, there, tip, feature.id, commits[feature.id]))


def _expected(repo: Path, base: str, there: frozenset[str], tip: str, feature: str, commit: str) -> tuple[int, int]:
    """How many paths, and how many places in them, are in conflict; git is asked only about what both changed."""
    if there.isdisjoint(_changed(repo, base, commit)):
        return (0, 0)
    found = overlap(repo, ("tip", tip), (feature, commit))
    return found.size if found else (0, 0)


@lru_cache(maxsize=2048)
def _changed(repo: Path, base: str, commit: str) -> frozenset[str]:
    """Asked for every feature at every merge, and always the same: commits do not change."""
    return frozenset(git.changed_paths(repo, base, commit))
