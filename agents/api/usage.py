"""What one call of a model took."""

from __future__ import annotations

from dataclasses import asdict, dataclass


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
