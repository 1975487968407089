"""Which features may start: not in waves, but as soon as their needs are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.outcome import Outcome
from blueprints.plan import PlannedFeature
from ledger.report import StepStatus


@dataclass
class ReadySet:
    """The features of a milestone between start and outcome. Every one of them ends up in `outcomes`."""

    features: list[PlannedFeature]
    limit: int
    running: set[str] = field(default_factory=set[str])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    def take(self) -> Iterable[PlannedFeature]:
        """Those to start now, as many as there is room for; they count as running from here on."""
        for feature in self.features:
            if len(self.running) >= self.limit:
                return
            if self._ready(feature):
                self.running.add(feature.id)
                yield feature

    def finish(self, outcome: Outcome) -> None:
        self.running.discard(outcome.name)
        self.outcomes[outcome.name] = outcome

    def block(self) -> list[Outcome]:
        """The features that can no longer start, because one they wait for is not done."""
        blocked: list[Outcome] = []
        for feature in self._unsettled():
            if cause := next(filter(self._hopeless, feature.waits_for), None):
                status = self.outcomes[cause].status
                blocked.append(
                    Outcome(name=feature.id, status=StepStatus.BLOCKED, reason=f"needs {cause}, which is {status}")
                )
        for outcome in blocked:
            self.finish(outcome)
        return blocked + self.block() if blocked else []

    def commits(self, feature: PlannedFeature) -> dict[str, str]:
        """The commits of what the feature waits for, in the plan's order."""
        return {name: commit for name in feature.waits_for if (commit := self.outcomes[name].commit)}

    def _hopeless(self, name: str) -> bool:
        """What was stopped with the mission is not: it comes back when the mission does."""
        outcome = self.outcomes.get(name)
        return outcome is not None and not outcome.done and outcome.status is not StepStatus.STOPPED

    def _ready(self, feature: PlannedFeature) -> bool:
        unsettled = feature.id not in self.outcomes and feature.id not in self.running
        return unsettled and all(name in self.outcomes and self.outcomes[name].done for name in feature.waits_for)

    def _unsettled(self) -> list[PlannedFeature]:
        return [f for f in self.features if f.id not in self.outcomes and f.id not in self.running]
