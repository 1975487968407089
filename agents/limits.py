"""What an agent may use up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.text import counted
from ledger.conversation import total

PATIENCE_AT_WORK = 300.0
"""Seconds that an agent may go on trying when ending it would lose what it has in mind."""


@dataclass(frozen=True)
class Limits:
    """None is no limit."""

    turns: int | None = None
    tokens: int | None = None
    usd: float | None = None
    lingering: float = 20.0
    """Seconds a program has to exit once it has told its end."""
    patience: float = math.inf
    """Seconds it may go on trying a provider that refuses it, before it has done anything."""
    patience_at_work: float = math.inf
    """And afterwards, when its conversation would be lost."""

    def exceeded(self, calls: Sequence[Mapping[str, Any]]) -> str:
        """Which limit these calls of the model exceed, as one clause; empty when none."""
        used = total(calls)
        usd = used.pop("usd", None)
        tokens = sum(used.values())
        if self.turns is not None and len(calls) > self.turns:
            return f"the agent was ended at its limit of {counted(self.turns, 'turn')}"
        if self.tokens is not None and tokens > self.tokens:
            return f"the agent was ended at its limit of {counted(self.tokens, 'token')}: it used {tokens:.0f}"
        if self.usd is None:
            return ""
        if usd is None:
            return "the agent was ended: its limit of money needs to know what the model costs; say so as `prices`"
        return f"the agent was ended at its limit of {self.usd:g} USD: it cost {usd:.4f}" if usd > self.usd else ""
