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
    parked: set[str] = field(default_factory=set[str])
    """Those that wait for something outside; they leave their place to others."""
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    def take(self) -> Iterable[PlannedFeature]:
        """Those to start now, as many as there is room for; they count as running from here on."""
        for feature in self.features:
            if len(self.running) >= self.limit:
                return
            if self._ready(feature):
                self.running.add(feature.id)
                yield feature

    def park(self, name: str) -> None:
        self.running.discard(name)
        self.parked.add(name)

    def unpark(self, name: str) -> None:
        """It may be taken again."""
        self.parked.discard(name)

    def finish(self, outcome: Outcome) -> None:
        self.running.discard(outcome.name)
        if any(feature.id == outcome.name for feature in self.features):
            self.outcomes[outcome.name] = outcome

    def forget(self, name: str) -> None:
        """It may be taken again, and so may those that are blocked because of it."""
        self.outcomes.pop(name, None)
        for feature in self.features:
            outcome = self.outcomes.get(feature.id)
            if outcome and outcome.status is StepStatus.BLOCKED and name in feature.waits_for:
                self.forget(feature.id)

    def replan(self, features: list[PlannedFeature]) -> None:
        """The plan has changed: these are the features; what became of others does not matter any more."""
        self.features = features
        known = {feature.id for feature in features}
        self.outcomes = {name: outcome for name, outcome in self.outcomes.items() if name in known}

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
        done = {name for name, outcome in self.outcomes.items() if outcome.done}
        return feature in self._unsettled() and done.issuperset(feature.waits_for)

    def _unsettled(self) -> list[PlannedFeature]:
        settled = {*self.outcomes, *self.running, *self.parked}
        return [f for f in self.features if f.id not in settled]
