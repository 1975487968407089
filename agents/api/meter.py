"""What a conversation has used so far, and whether one more call would go over its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents import prices
from agents.api.spec import Spec
from agents.api.turns import Usage
from ledger.conversation import TOKENS, EndReason, total


@dataclass
class Meter:
    spec: Spec
    turns: int = 0
    last: Usage = field(default_factory=Usage)
    """Of the last call: what the conversation held then."""
    used: list[Mapping[str, float]] = field(default_factory=list[Mapping[str, float]])

    def count(self, usage: Usage) -> Mapping[str, float]:
        """Add one call; the fields of its `usage` line."""
        fields = self._priced(usage)
        self.turns, self.last = self.turns + 1, usage
        self.used.append(fields)
        return fields

    @property
    def total(self) -> Mapping[str, float]:
        return total(self.used)

    @property
    def objection(self) -> str | None:
        """Why the limits cannot be kept at all."""
        if self.spec.limits.usd is None or self._priced(Usage()).get("usd") is not None:
            return None
        return f"there is a limit in dollars, but the price of {self.spec.model} is not known; give its prices"

    @property
    def reached(self) -> EndReason | None:
        """The limit that stands against one more call, which costs at least what reading the cache costs."""
        limits, least = self.spec.limits, self._priced(Usage(cache_read=self.last.total))
        used = self.total
        if limits.turns is not None and self.turns >= limits.turns:
            return EndReason.TURNS
        tokens = sum(used[kind] for kind in TOKENS)
        if limits.tokens is not None and tokens + self.last.total >= limits.tokens:
            return EndReason.TOKENS
        if limits.usd is not None and used.get("usd", 0) + least.get("usd", 0) >= limits.usd:
            return EndReason.MONEY
        return None

    def _priced(self, usage: Usage) -> Mapping[str, float]:
        fields = usage.fields
        dollars = prices.usd(self.spec.model, self.spec.provider, fields, self.spec.prices)
        return fields if dollars is None else {**fields, "usd": dollars}
