"""What a conversation has used so far, and whether one more call would go over its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents import prices
from agents.api.end import End
from agents.api.spec import Spec
from agents.api.usage import Usage
from ledger.conversation import TOKENS, EndReason, known_total, total


@dataclass
class Meter:
    spec: Spec
    turns: int = 0
    last: Usage = field(default_factory=Usage)
    """Of the last call: what the conversation held then."""
    used: list[Mapping[str, float]] = field(default_factory=list[Mapping[str, float]])
    """Nothing in it is a call that the provider did not count for us."""

    def count(self, usage: Usage | None) -> Mapping[str, float]:
        """Add one answer; the fields of its `usage` line. None is unknown, and never means nothing."""
        self.turns, self.last = self.turns + 1, usage or self.last
        return self.bill(usage)

    def bill(self, usage: Usage | None) -> Mapping[str, float]:
        """Add what a call took, also one that broke off before it was an answer."""
        fields: Mapping[str, float] = self._priced(usage) if usage else {}
        self.used.append(fields)
        return fields

    @property
    def total(self) -> Mapping[str, float] | None:
        return known_total(self.used)

    @property
    def over(self) -> End | None:
        """Why no further call may be made; asked before each."""
        if objection := self._objection:
            return End(EndReason.FAILED, objection)
        limit = self._reached
        return End(limit, f"the limit of {limit} was reached") if limit else None

    @property
    def _objection(self) -> str | None:
        """Why the limits cannot be kept at all."""
        limits = self.spec.limits
        if limits.usd is not None and self._priced(Usage()).get("usd") is None:
            return f"there is a limit in dollars, but the price of {self.spec.model} is not known; give its prices"
        if (limits.usd is not None or limits.tokens is not None) and not all(self.used):
            return "there is a limit on money or tokens, but the provider does not tell how many tokens a call takes"
        return None

    @property
    def _reached(self) -> EndReason | None:
        """The limit that stands against one more call, which costs at least what reading the cache costs."""
        limits, least = self.spec.limits, self._priced(Usage(cache_read=self.last.total))
        used = total(self.used)
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
