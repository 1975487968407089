"""The benchmark's figures: what became of each pair, and how many of which."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.coop.forecast import Forecast, quality
from benchmarks.coop.pair import Ended
from benchmarks.coop.stage import Pair
from tasks.ladder import Rung

_MERGED = (Rung.CLEAN, Rung.CONTAINED)
_HEAD = ["task", "pairs", "clean", "caught", "named", "conflicts", "solved by", "wrong", "lost", "good, refused", "s"]
_SHORT = 160
"""Characters of a reason."""


@dataclass(frozen=True)
class Judged:
    """A pair's mission, and what the benchmark found out without the engine."""

    pair: Pair
    ended: Ended
    failing: list[str]
    """Features whose tests do not pass on the commit of both."""
    missing: dict[str, list[str]]
    """Added lines that are not in that commit, by feature."""
    forecast: Forecast | None

    @property
    def clean(self) -> bool:
        return self.ended.rung in _MERGED

    @property
    def solved(self) -> bool:
        """A conflict, and a result that the engine accepts."""
        return not self.clean and self.ended.accepted

    @property
    def wrong(self) -> bool:
        return self.ended.accepted and bool(self.failing)

    @property
    def lost(self) -> bool:
        return self.ended.accepted and bool(self.missing.keys() & set(self.failing))

    @property
    def caught(self) -> bool:
        """A semantic conflict that was not let through."""
        return self.clean and not self.ended.accepted and bool(self.failing)

    @property
    def named(self) -> bool:
        """And both features were found to be what breaks together."""
        both = {feature.id for feature in self.pair}
        return self.caught and any(set(features) == both for features in self.ended.culprits)

    @property
    def refused_though_good(self) -> bool:
        return self.ended.merged is not None and not self.ended.accepted and not self.failing

    def __str__(self) -> str:
        names = " + ".join(feature.id for feature in self.pair)
        rung = self.ended.rung or "no rung"
        reasons = [self.ended.reason] if self.ended.rung else self.ended.tried
        told = "passed" if self.ended.accepted else f"refused ({'; '.join(text[:_SHORT] for text in reasons)})"
        found = f"; tests of {', '.join(self.failing)} fail" if self.failing else ""
        gone = sum(map(len, self.missing.values()))
        lines = f"; {gone} added lines are not there" if gone else ""
        loud = "WRONG " if self.wrong else "LOST " if self.lost else ""
        return f"{loud}{names}: {rung}, {told}{found}{lines}, {self.ended.seconds:.1f} s"


def table(judged: Mapping[str, Sequence[Judged]]) -> str:
    """Figures of each task and of all, and how good the forecasts were."""
    everything = [pair for pairs in judged.values() for pair in pairs]
    rows = [_HEAD, ["---"] * len(_HEAD), *(_row(name, pairs) for name, pairs in judged.items() if pairs)]
    lines = [f"| {' | '.join(row)} |" for row in [*rows, _row("all", everything)]]
    forecasts = [pair.forecast for pair in everything if pair.forecast]
    declared = quality(forecasts, lambda forecast: forecast.declared)
    branches = quality(forecasts, lambda forecast: forecast.branches)
    return "\n".join([*lines, "", f"forecast by what is declared: {declared}; by the branches: {branches}"])


def _row(name: str, pairs: Sequence[Judged]) -> list[str]:
    clean = sum(pair.clean for pair in pairs)
    rungs = Counter(pair.ended.rung for pair in pairs if pair.solved)
    solved = ", ".join(f"{rung} {count}" for rung, count in rungs.most_common()) or "–"
    counts = (
        sum(pair.wrong for pair in pairs),
        sum(pair.lost for pair in pairs),
        sum(pair.refused_though_good for pair in pairs),
    )
    caught, named = sum(pair.caught for pair in pairs), sum(pair.named for pair in pairs)
    median = statistics.median(pair.ended.seconds for pair in pairs) if pairs else 0.0
    figures = [str(n) for n in (len(pairs), clean, caught, named, len(pairs) - clean)]
    return [name, *figures, solved, *map(str, counts), f"{median:.1f}"]
