"""What may go wrong with a call of a model, and what each of it means for the conversation."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from ledger.conversation import FaultKind

_EXHAUSTED_CODES = {
    "insufficient_quota",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "usage_limit_reached",
    "usage_limit_exceeded",
}
# The word "billing" alone is no sign: messages about ordinary rate limits advertise the billing page.
_EXHAUSTED = re.compile(
    r"insufficient[_ ](?:quota|balance|credits|funds)|exceeded your current quota|credit balance is too low"
    r"|out of credits|usage limits?\b|spend(?:ing)? limit|billing hard limit|billing (?:is not active|not active)",
    re.IGNORECASE,
)
_OVERFLOW_CODES = {"context_length_exceeded", "request_too_large", "model_context_window_exceeded"}
_OVERFLOW = re.compile(
    r"prompt is too long|context_length_exceeded|maximum context length"
    r"|exceeds? (?:the |its |your )?(?:model's )?(?:input )?context (?:window|limit)",
    re.IGNORECASE,
)
_UNAUTHENTICATED_CODES = {"authentication_error", "permission_error", "invalid_api_key"}
_UNKNOWN_CODES = {"not_found_error", "model_not_found"}
_THROTTLED_CODES = {"rate_limit_error", "rate_limit_exceeded", "slow_down"}
_REFUSED_CODES = {"invalid_request_error", "invalid_prompt"}
_PASSING = {None, 200, 408, 409, 425}
_RESET = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]| at )?(\d\d:\d\d(?::\d\d)?)?")
_LONGEST_REASON = 500
_LONGEST_WAIT = 366 * 86400.0


@dataclass(frozen=True)
class Trouble:
    """A call that gave no answer."""

    kind: FaultKind | None
    """None: not the provider's fault; it refused the request itself."""
    reason: str
    again: bool = False
    """It may pass: try again."""
    overflow: bool = False
    """The conversation is too long for the model."""
    seconds: float | None = None
    """How long the provider wants us to wait."""
    until: float | None = None
    """Epoch seconds before which it is of no use to try again."""


def broken(reason: str) -> Trouble:
    """A call whose connection or stream broke off."""
    return Trouble(FaultKind.UNAVAILABLE, reason, again=True)


def trouble_of(error: Exception) -> Trouble:
    """What an exception means that one of the SDKs, or the HTTP client beneath them, raised during a call."""
    said = _details(getattr(error, "body", None))
    code = str(said.get("code") or said.get("type") or getattr(error, "code", None) or "")
    text = str(said.get("message") or error) or type(error).__name__
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    return classify(getattr(error, "status_code", None), code, text, headers=headers, said=said)


def classify(
    status: int | None,
    code: str,
    text: str,
    *,
    headers: Mapping[str, str] | None = None,
    said: Mapping[str, Any] | None = None,
) -> Trouble:
    """The trouble that a status, an error's code and its message speak of; None and 200 are errors in a stream."""
    reason = _sentence(status, code, text)
    seconds = _told_wait(headers or {})
    if code in _EXHAUSTED_CODES or status == 402 or _EXHAUSTED.search(text):
        return Trouble(FaultKind.EXHAUSTED, reason, until=_reset(text, said or {}, seconds))
    if code in _OVERFLOW_CODES or status == 413 or _OVERFLOW.search(text):
        return Trouble(None, reason, overflow=True)
    if status in (401, 403) or code in _UNAUTHENTICATED_CODES:
        return Trouble(FaultKind.UNAUTHENTICATED, reason)
    if status == 404 or code in _UNKNOWN_CODES:
        return Trouble(FaultKind.UNAVAILABLE, reason)
    if status == 429 or code in _THROTTLED_CODES:
        return Trouble(FaultKind.THROTTLED, reason, again=True, seconds=seconds)
    if (status in _PASSING and code not in _REFUSED_CODES) or (status or 0) >= 500:
        return Trouble(FaultKind.UNAVAILABLE, reason, again=True, seconds=seconds)
    return Trouble(None, reason)


def _details(body: object) -> Mapping[str, Any]:
    """The error itself: one SDK keeps the whole body, the other what is under `error`."""
    if not isinstance(body, dict):
        return {}
    fields = cast(dict[str, Any], body)
    inner: object = fields.get("error")
    return cast(dict[str, Any], inner) if isinstance(inner, dict) else fields


def _sentence(status: int | None, code: str, text: str) -> str:
    signs = ", ".join(sign for sign in (str(status) if status not in (None, 200) else "", code) if sign)
    words = " ".join(text.split())[:_LONGEST_REASON]
    return f"the provider answered {signs}: {words}" if signs else f"the call broke off: {words}"


def _told_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds in `retry-after-ms` or `retry-after`, which may also be a date."""
    milliseconds, seconds = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds:
            return _sane(float(milliseconds) / 1000)
        return _sane(float(seconds)) if seconds else None
    except ValueError:
        return _until_date(seconds or "")


def _until_date(value: str) -> float | None:
    try:
        return _sane(parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _sane(seconds: float) -> float:
    return min(max(0.0, seconds), _LONGEST_WAIT)


def _reset(text: str, said: Mapping[str, Any], seconds: float | None) -> float | None:
    """When there is something to use again, if the provider tells."""
    at, within = said.get("resets_at"), said.get("resets_in_seconds", seconds)
    if isinstance(at, int | float):
        return float(at)
    if isinstance(within, int | float):
        return time.time() + within
    match = _RESET.search(text)
    try:
        return (
            datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}").replace(tzinfo=UTC).timestamp()
            if match
            else None
        )
    except ValueError:
        return None
