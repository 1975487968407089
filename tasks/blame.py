"""What a repairer is told of the features that broke a check together, and of what each of them was to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from blueprints.plan import PlannedFeature
from validators.base import Verdict
from validators.culprits import Culprits, culprits_behind
from workspaces.mission import Mission

_SPEC = 8_000
"""How much of a feature's spec is told, in characters."""


@dataclass(frozen=True)
class Blame:
    """Who broke what of the checks that do not pass, as far as trials have proved it."""

    culprits: Sequence[Culprits]
    features: Sequence[PlannedFeature]
    """Those that are named, each once."""

    @classmethod
    def of(cls, mission: Mission, milestone: str, commit: str, failing: Sequence[Verdict]) -> Blame:
        looked_up = [culprits_behind(mission, milestone, verdict.id, commit) for verdict in failing]
        culprits = [found for found in looked_up if found]
        names = {name for found in culprits for name in found.features}
        return cls(culprits, [mission.plan.feature(name) for name in sorted(names)])

    def shape(self) -> list[Any]:
        """What of it shapes the work: nothing, where nobody is blamed."""
        about = [[found.check, found.features] for found in self.culprits]
        return [about, [feature.asks for feature in self.features]] if about else []

    def told(self) -> list[str]:
        return [*map(_conflict, self.culprits), *map(_spec, self.features)]


def _conflict(found: Culprits) -> str:
    names = " and ".join(f"`{name}`" for name in found.features)
    if len(found.features) == 1:
        return f"Nothing that was merged with the feature {names} breaks `{found.check}`: {found.reason}"
    told = "Mend how they work together: what each of them was to do must hold."
    return f"`{found.check}` is broken by the features {names} together. {told} Trials have shown: {found.reason}"


def _spec(feature: PlannedFeature) -> str:
    """Within its line of a list."""
    spec = feature.spec.strip()
    cut = f"{spec[:_SPEC]} … (cut)" if len(spec) > _SPEC else spec
    return indent(f"What `{feature.id}` was to do: {cut}", "  ").strip()
