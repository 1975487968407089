"""What tokens cost and how many a model can hold: from a list that is installed with us, or from the blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ledger.conversation import TOKENS

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation


def usd(
    model: str, provider: str, usage: Mapping[str, float], override: Mapping[str, float] | None = None
) -> float | None:
    """Dollars for a `usage` as a transcript has it; None is unknown, and never means nothing.

    `override` holds dollars per million tokens: input, output, and cacheRead and cacheWrite, which cost as much
    as input where they are left out.
    """
    if override is not None:
        return _at(override, usage)
    found = _looked_up(model, provider, usage)
    return None if found is None else float(found.total_price)


def window(model: str, provider: str) -> int | None:
    """Tokens that the model can hold; None is unknown."""
    found = _looked_up(model, provider, {})
    return None if found is None else found.model.context_window


def _at(prices: Mapping[str, float], usage: Mapping[str, float]) -> float | None:
    if "input" not in prices or "output" not in prices:
        return None
    return sum(usage.get(kind, 0) * prices.get(kind, prices["input"]) for kind in TOKENS) / 1_000_000


def _looked_up(model: str, provider: str, usage: Mapping[str, float]) -> PriceCalculation | None:
    from genai_prices import Usage, calc_price  # its import takes longer than most commands

    fresh, read, written = (int(usage.get(kind, 0)) for kind in ("input", "cacheRead", "cacheWrite"))
    tokens = Usage(
        input_tokens=fresh + read + written,  # the list counts cached tokens as a part of the input
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=int(usage.get("output", 0)),
    )
    try:
        return calc_price(tokens, model, provider_id=provider)
    except (LookupError, ValueError):
        return None
