"""Why a conversation is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.api.trouble import Trouble
from ledger.conversation import EndReason


@dataclass(frozen=True)
class End:
    reason: EndReason
    text: str | None = None
    fault: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, trouble: Trouble) -> End:
        """The provider's fault is no failure of the work; a request that it does not take is one."""
        if trouble.kind is None:
            return cls(EndReason.FAILED, trouble.reason)
        fault = {"kind": trouble.kind.value, "reason": trouble.reason}
        return cls(EndReason.FAULT, None, fault if trouble.until is None else {**fault, "until": trouble.until})
