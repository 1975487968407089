"""Which features are likely to conflict, by what they say they touch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.order import all_before
from blueprints.plan import Plan, PlannedFeature, PlannedMilestone
from blueprints.reach import is_plain, meet, meeting


@dataclass(frozen=True)
class Collision:
    """Two features of a milestone, neither of which waits for the other, that may change the same files."""

    milestone: str
    first: str
    """The one that is merged first."""
    second: str
    """The one that could wait for it, and build on it."""
    patterns: tuple[str, ...]
    """By which they meet; of a plain path and a pattern only the path."""

    @property
    def reason(self) -> str:
        return f"both touch {', '.join(self.patterns)}"

    @property
    def suggestion(self) -> str:
        """What to write into `second`."""
        return f"needs: [{self.first}]"


def collisions(plan: Plan) -> list[Collision]:
    """The likely conflicts, in the plan's order. A feature that does not say what it touches has none."""
    return [collision for milestone in plan.milestones for collision in milestone_collisions(milestone)]


def milestone_collisions(milestone: PlannedMilestone) -> list[Collision]:
    """Those of one milestone."""
    features = {feature.id: feature for feature in milestone.in_order()}
    before = all_before({feature.id: feature.waits_for for feature in milestone.features})
    touching = meeting({name: feature.touches for name, feature in features.items()})
    found: list[Collision] = []
    for place, second in enumerate(features):
        apart = touching[second] - before[second]
        firsts = (first for first in list(features)[:place] if first in apart)
        found += [_collision(milestone, features[first], features[second]) for first in firsts]
    return found


def _collision(milestone: PlannedMilestone, first: PlannedFeature, second: PlannedFeature) -> Collision:
    return Collision(milestone.name, first.id, second.id, tuple(dict.fromkeys(_shared(first, second))))


def _shared(one: PlannedFeature, other: PlannedFeature) -> Iterator[str]:
    for mine in one.touches:
        for yours in other.touches:
            if meet(mine, yours):
                yield from _narrower(mine, yours)


def _narrower(one: str, other: str) -> list[str]:
    """Of two plain paths that meet, the longer is in the folder that is the shorter."""
    if is_plain(one) and is_plain(other):
        return [max(one, other, key=len)]
    return [pattern for pattern in (one, other) if is_plain(pattern)] or [one, other]
