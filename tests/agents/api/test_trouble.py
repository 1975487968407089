from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from agents.api.trouble import classify
from ledger.conversation import FaultKind, entry

SOON = int(time.time()) + 30 * 86400
LARGE = (
    "Request too large for m in organization o on tokens per min (TPM): Limit 30000, Requested 46105."
    " The input or output tokens must be reduced in order to run successfully."
)
ADVERTISED = "Rate limit reached for m. Please add a payment method at https://platform.example/account/billing."


@pytest.mark.parametrize(
    ("status", "code", "text", "kind", "again", "overflow"),
    [
        (429, "rate_limit_exceeded", ADVERTISED, FaultKind.THROTTLED, True, False),
        (429, "insufficient_quota", "x", FaultKind.EXHAUSTED, False, False),
        (402, "", "Insufficient Balance", FaultKind.EXHAUSTED, False, False),
        (403, "", "Your monthly spend limit is reached.", FaultKind.EXHAUSTED, False, False),
        (429, "usage_limit_reached", "The usage limit has been reached", FaultKind.EXHAUSTED, False, False),
        (400, "invalid_request_error", "prompt is too long: 3 > 2", None, False, True),
        (413, "request_too_large", "Request exceeds the maximum size", None, False, True),
        (400, "context_length_exceeded", "x", None, False, True),
        (400, "", "This model's maximum context length is 8192 tokens.", None, False, True),
        (429, "rate_limit_exceeded", LARGE, None, False, True),
        (400, "invalid_request_error", "tools.0: invalid", None, False, False),
        (None, "invalid_prompt", "x", None, False, False),
        (200, "overloaded_error", "Overloaded", FaultKind.UNAVAILABLE, True, False),
        (200, "rate_limit_error", "x", FaultKind.THROTTLED, True, False),
        (None, "server_error", "x", FaultKind.UNAVAILABLE, True, False),
        (None, "", "Connection error.", FaultKind.UNAVAILABLE, True, False),
        (529, "overloaded_error", "Overloaded", FaultKind.UNAVAILABLE, True, False),
        (404, "", "no such model", FaultKind.UNAVAILABLE, False, False),
        (401, "", "x", FaultKind.UNAUTHENTICATED, False, False),
    ],
)
def test_signs_are_understood(
    status: int | None, code: str, text: str, kind: FaultKind | None, again: bool, overflow: bool
) -> None:
    trouble = classify(status, code, text)
    assert (trouble.kind, trouble.again, trouble.overflow) == (kind, again, overflow)
    assert text in trouble.reason


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, 1.5),
        ({"retry-after": formatdate(time.time() + 86400, usegmt=True)}, 80000, 86401),
        ({"retry-after": "Wed, 01 Jan 2020 00:00:00 GMT"}, 0, 0),
        ({"retry-after": "1e999"}, 1, 366 * 86400),
        ({"retry-after": "-4"}, 0, 0),
    ],
)
def test_a_told_wait_is_read(headers: dict[str, str], least: float, most: float) -> None:
    seconds = classify(429, "", "x", headers=headers).seconds
    assert seconds is not None
    assert least <= seconds <= most


def test_a_wait_that_cannot_be_read_was_not_told() -> None:
    assert classify(429, "", "x", headers={"retry-after": "soon"}).seconds is None


@pytest.mark.parametrize(
    ("text", "said", "until"),
    [
        ("usage limit", {"resets_at": SOON}, SOON),
        (f"usage limit; back on {time.strftime('%Y-%m-%d at %H:%M:%S UTC', time.gmtime(SOON))}", {}, SOON),
        ("usage limit; back on 2031-99-99", {}, None),
        ("usage limit", {}, None),
    ],
    ids=["a field", "in words", "no such day", "untold"],  # the same in all processes, whenever they start
)
def test_the_time_of_a_reset_is_read(text: str, said: dict[str, float], until: float | None) -> None:
    assert classify(429, "", text, said=said).until == until


def test_what_a_provider_says_fits_on_a_line() -> None:
    reason = classify(500, "", "a\nb" * 9_000).reason
    assert "\n" not in reason
    assert len(reason) < 600
    assert json.loads(entry("retry", reason=reason))["reason"] == reason
