"""What one call of a model took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `input` excludes those that were read from or written to the cache."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        """What the conversation held when the call was over."""
        return sum(asdict(self).values())

    @property
    def fields(self) -> dict[str, float]:
        """As a transcript names them."""
        return {
            "input": self.input,
            "cacheRead": self.cache_read,
            "cacheWrite": self.cache_write,
            "output": self.output,
        }


def openai_usage(told: Mapping[str, Any] | None, sent: str = "input", written: str = "output") -> Usage | None:
    """None where a server does not tell. OpenAI's APIs name both ends differently; the cache counts as `sent`."""
    if not told:
        return None
    details: Mapping[str, Any] = told.get(f"{sent}_tokens_details") or {}
    cached, stored = (int(details.get(name) or 0) for name in ("cached_tokens", "cache_write_tokens"))
    fresh = int(told.get(f"{sent}_tokens") or 0) - cached - stored
    return Usage(max(0, fresh), cached, stored, int(told.get(f"{written}_tokens") or 0))
