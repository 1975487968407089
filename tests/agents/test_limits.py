"""Limits on what an agent uses up."""

from __future__ import annotations

import pytest

from agents.limits import Limits
from tests.conftest import Data

CALL: Data = {"input": 100, "output": 10, "usd": 0.5}
UNPRICED: Data = {"input": 100, "output": 10}


@pytest.mark.parametrize(
    ("limits", "calls"),
    [
        (Limits(), [CALL] * 9),
        (Limits(turns=2, tokens=220, usd=1.0), [CALL, CALL]),
        (Limits(tokens=220), [UNPRICED]),
    ],
)
def test_what_is_within_the_limits_goes_on(limits: Limits, calls: list[Data]) -> None:
    assert limits.exceeded(calls) == ""


@pytest.mark.parametrize(
    ("limits", "calls", "clause"),
    [
        (Limits(turns=1), [CALL, CALL], "its limit of 1 turn"),
        (Limits(tokens=219), [CALL, CALL], "its limit of 219 tokens: it used 220"),
        (Limits(usd=0.9), [CALL, CALL], "its limit of 0.9 USD: it cost 1.0000"),
        (Limits(usd=9), [CALL, UNPRICED], "needs to know what the model costs"),
    ],
)
def test_what_exceeds_a_limit_is_said(limits: Limits, calls: list[Data], clause: str) -> None:
    assert clause in limits.exceeded(calls)
