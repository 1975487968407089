from __future__ import annotations

import pytest

from agents.prices import usd, window

USAGE = {"input": 1_000, "cacheRead": 10_000, "cacheWrite": 2_000, "output": 500}


def test_a_known_model_has_a_price_in_which_cached_tokens_count_once() -> None:
    assert usd("claude-opus-5", "anthropic", USAGE) == pytest.approx(
        (1_000 * 5 + 10_000 * 0.5 + 2_000 * 6.25 + 500 * 25) / 1e6
    )


@pytest.mark.parametrize(("model", "provider"), [("scripted-1", "anthropic"), ("gpt-5", "nobody")])
def test_what_is_not_in_the_list_is_unknown_and_not_free(model: str, provider: str) -> None:
    assert usd(model, provider, USAGE) is None
    assert window(model, provider) is None


def test_prices_of_ones_own_come_first() -> None:
    prices = {"input": 1.0, "cacheRead": 0.1, "cacheWrite": 2.0, "output": 10.0}
    assert usd("claude-opus-5", "anthropic", USAGE, prices) == pytest.approx(0.011)


def test_cached_tokens_without_a_price_of_their_own_cost_what_others_cost() -> None:
    assert usd("scripted-1", "anthropic", USAGE, {"input": 1.0, "output": 10.0}) == pytest.approx(0.018)
    assert usd("scripted-1", "anthropic", USAGE, {"input": 1.0}) is None


def test_the_window_of_a_known_model_is_known() -> None:
    assert (window("claude-opus-5", "anthropic") or 0) >= 200_000
