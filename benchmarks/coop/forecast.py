"""What was foretold of a pair, and whether git found a conflict in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.coop.clone import succeeds
from blueprints.forecast import collisions
from blueprints.plan import Plan
from workspaces.collisions import overlaps


@dataclass(frozen=True)
class Forecast:
    declared: bool
    """The plan's view, by what the features say they touch, before any work."""
    branches: bool
    """By the commits, once there are some."""
    conflict: bool
    """What git itself says about merging them."""


def foretold(repository: Path, base: str, plan: Plan, commits: Mapping[str, str]) -> Forecast | None:
    """None: a worker delivered nothing, so that nothing can be compared."""
    if len(commits) < 2:
        return None
    conflict = not succeeds(repository, "merge-tree", "--write-tree", *commits.values())
    return Forecast(bool(collisions(plan)), bool(overlaps(repository, base, commits)), conflict)


def quality(forecasts: Iterable[Forecast], said: Callable[[Forecast], bool]) -> str:
    """`precision 71 %, recall 100 %`; a dash where there is nothing to divide by."""
    known = list(forecasts)
    right = sum(said(each) and each.conflict for each in known)
    precision = _share(right, sum(map(said, known)))
    return f"precision {precision}, recall {_share(right, sum(each.conflict for each in known))}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"
