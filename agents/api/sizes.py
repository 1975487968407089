"""How much a model can hold and how much it may answer: as the profile says, or by what is known of the model."""

from __future__ import annotations

from agents import prices
from agents.api.spec import Spec

_WINDOW = 200_000  # of a model that nobody knows
_ANSWER = 32_000
_SHARE = 4  # of a window an answer may take one part


def window(spec: Spec) -> int:
    """Tokens that fit into a conversation."""
    return spec.window or prices.window(spec.model, spec.provider) or _WINDOW


def longest_answer(spec: Spec) -> int:
    """Most tokens of one answer."""
    return spec.output_tokens or min(_ANSWER, window(spec) // _SHARE)
