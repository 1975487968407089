"""What errors say about a provider, in the words of providers and programs."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.faults import fault_of
from agents.resets import reset_time
from ledger.conversation import FaultKind

NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00").timestamp()
REFUSED, USED_UP = FaultKind.UNAUTHENTICATED, FaultKind.EXHAUSTED
THROTTLED, UNAVAILABLE = FaultKind.THROTTLED, FaultKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (401, "", REFUSED),
        (403, "Forbidden", REFUSED),
        (None, "unexpected status 401 Unauthorized: Incorrect API key provided.", REFUSED),
        (400, '{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}', REFUSED),
        (None, "invalid x-api-key", REFUSED),
        (None, "Not logged in · Please run /login", REFUSED),
        (None, "OAuth token has expired", REFUSED),
        (402, "", USED_UP),
        (400, "Credit balance is too low", USED_UP),
        (429, "insufficient_quota", USED_UP),
        (403, "You've hit your monthly spend limit.", USED_UP),
        (429, "You exceeded your current quota, please check your plan and billing details.", USED_UP),
        (None, "Quota exceeded. Check your plan and billing details.", USED_UP),
        (None, "You've hit your session limit · resets 3pm (Europe/Berlin)", USED_UP),
        (None, "5-hour limit reached ∙ resets 5am", USED_UP),
        (None, "usage_limit_reached", USED_UP),
        (429, "", THROTTLED),
        (None, "exceeded retry limit, last status: 429 Too Many Requests", THROTTLED),
        (429, "Rate limit reached on tokens per min; see https://example.com/account/billing", THROTTLED),
        (None, "Resource has been exhausted (e.g. check quota).", THROTTLED),
        (429, "Quota exceeded for metric: requests, limit: 10. Please retry in 37.4s.", THROTTLED),
        (429, "Quota exceeded for quota metric 'requests per minute'", THROTTLED),
        (529, "", UNAVAILABLE),
        (500, "Internal server error", UNAVAILABLE),
        (None, "Selected model is at capacity. Please try a different model.", UNAVAILABLE),
        (404, "Not found", UNAVAILABLE),
        (None, "The model `some-model` does not exist.", UNAVAILABLE),
        (None, "models/some-model is not found for API version v1beta.", UNAVAILABLE),
        (None, "Connection error.", UNAVAILABLE),
        (None, "connect ECONNREFUSED 127.0.0.1:1", UNAVAILABLE),
        (None, "TypeError: fetch failed sending request", UNAVAILABLE),
        (400, "prompt is too long: 210000 tokens", None),
        (400, "messages: at least one message is required", None),
        (None, "500 tests passed, 3 failed", None),
        (None, "AssertionError: expected 429 to equal 200", None),
        (None, "Segmentation fault", None),
        (None, "", None),
    ],
)
def test_an_error_says_whose_it_is(status: int | None, text: str, kind: FaultKind | None) -> None:
    fault = fault_of(status, text, now=NOW)
    assert (fault.kind if fault else None) == kind


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Usage limit reached|1795262400", "2026-11-21T12:00:00+00:00"),
        ("Usage limit reached|1795269600", "2026-11-21T14:00:00+00:00"),
        ("limit reached, resets 3pm (Europe/Berlin)", "2026-11-21T14:00:00+00:00"),
        ("limit reached, resets 3am (America/New_York)", "2026-11-22T08:00:00+00:00"),
        ("limit reached, resets at 11:30 (UTC)", "2026-11-22T11:30:00+00:00"),
        ("limit reached, resets Nov 23, 9:15am (UTC)", "2026-11-23T09:15:00+00:00"),
        ("limit reached, resets Jan 2, 12am (UTC)", "2027-01-02T00:00:00+00:00"),
        ("try again in 2 hours 5 minutes", "2026-11-21T14:05:00+00:00"),
        ("try again in 1 day, 3 hours and 30 minutes", "2026-11-22T15:30:00+00:00"),
        ("Please retry in 37.5s.", "2026-11-21T12:00:37.500000+00:00"),
        ('"retryDelay": "90s"', "2026-11-21T12:01:30+00:00"),
        ("resets at 2026-11-22T10:00:00Z", "2026-11-22T10:00:00+00:00"),
        ("resets at 2026-11-22 10:00 UTC", "2026-11-22T10:00:00+00:00"),
        ("resets at 2026-11-22T10:00:00.000+02:00", "2026-11-22T08:00:00+00:00"),
        ('{"resets_in_seconds": 3600}', "2026-11-21T13:00:00+00:00"),
        ("resets at 2026-11-20T10:00:00Z", None),
        ("resets 3pm (Middle/Earth)", None),
        ("resets at 77:99", None),
        ("try again later", None),
    ],
)
def test_a_reset_is_a_time_in_the_future(text: str, at: str | None) -> None:
    found = reset_time(text, NOW)
    expected = datetime.fromisoformat(at).timestamp() if at else None
    assert found == (expected if expected != NOW else None)


@pytest.mark.parametrize(
    ("status", "text", "retry_after", "seconds"),
    [
        (429, "slow down", 12.0, 12.0),
        (429, "You've hit your usage limit, try again in 2 hours", 12.0, 7200.0),
        (429, "slow down", None, None),
        (503, "try again in 2 hours", 12.0, None),
    ],
)
def test_until_when_is_told_where_it_counts(
    status: int, text: str, retry_after: float | None, seconds: float | None
) -> None:
    fault = fault_of(status, text, retry_after, now=NOW)
    assert fault
    assert fault.until == (None if seconds is None else NOW + seconds)


def test_the_reason_is_one_short_line() -> None:
    fault = fault_of(401, "no\n  entry " + "x" * 1000)
    assert fault
    assert fault.reason.startswith("the provider does not accept the credential: no entry xxx")
    assert len(fault.reason) < 400


@given(st.text(max_size=200), st.integers(min_value=0, max_value=599) | st.none())
def test_no_text_breaks_it(text: str, status: int | None) -> None:
    fault_of(status, f"usage limit, resets at {text}", now=NOW)
