"""How long a program may go on trying while its provider refuses it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.faults import fault_of
from ledger.conversation import EndReason, Entry, FaultKind

_HOPELESS = 10.0
"""Seconds of trying with a credential that is refused or used up: most programs do not give up by themselves."""
_PROGRESS = {Entry.TEXT, Entry.THINKING, Entry.CALL, Entry.OUTPUT, Entry.USAGE}


@dataclass
class Patience:
    """Hears one run."""

    at_first: float
    """Seconds while the agent has done nothing yet, and loses nothing when it is ended."""
    at_work: float
    """Seconds once it has."""
    trouble: str = ""
    """What it said when it tried again; empty when it got through."""
    deadline: float = math.inf
    """When trying ends, on the monotonic clock."""
    _begun: bool = False
    _since: float = math.inf

    def hear(self, kind: Entry, fields: Mapping[str, Any]) -> None:
        if kind is Entry.RETRY:
            self._tries(str(fields.get("reason") or "the provider did not answer"))
        elif kind in _PROGRESS or fields.get("reason") == EndReason.FINISHED:
            self._begun, self.trouble, self.deadline, self._since = True, "", math.inf, math.inf

    def _tries(self, reason: str) -> None:
        self.trouble, self._since = reason, min(self._since, time.monotonic())
        fault = fault_of(None, reason)
        hopeless = fault is not None and fault.kind in (FaultKind.EXHAUSTED, FaultKind.UNAUTHENTICATED)
        longest = self.at_work if self._begun else self.at_first
        self.deadline = self._since + (min(longest, _HOPELESS) if hopeless else longest)
