"""What may go wrong with a call of a model, and what each of it means for the conversation."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, cast

from agents.api.usage import Usage
from agents.faults import fault_of
from ledger.conversation import FaultKind

_OVERFLOW_CODES = {"context_length_exceeded", "request_too_large", "model_context_window_exceeded"}
_OVERFLOW = re.compile(
    r"prompt is too long|context_length_exceeded|maximum context length"
    r"|request too large for|tokens must be reduced"
    r"|exceeds? (?:the |its |your )?(?:model's )?(?:input )?context (?:window|limit)",
    re.IGNORECASE,
)
_UNKNOWN_CODES = {"not_found_error", "model_not_found"}
_REFUSED_CODES = {"invalid_request_error", "invalid_prompt"}
_PASSING = {None, 200, 408, 409, 425}
_RESETS = ("resets_at", "resets_in_seconds")
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
    usage: Usage | None = None
    """What it took all the same, where the provider told before the call broke."""


def broken(usage: Usage | None = None) -> Trouble:
    """A call whose stream broke off."""
    reason = "the stream ended before the answer was complete"
    return Trouble(FaultKind.UNAVAILABLE, reason, again=True, usage=usage)


def trouble_of(error: Exception, usage: Usage | None = None) -> Trouble:
    """What an exception means that one of the SDKs, or the HTTP client beneath them, raised during a call."""
    said = _details(getattr(error, "body", None))
    code = str(said.get("code") or said.get("type") or getattr(error, "code", None) or "")
    text = str(said.get("message") or error) or type(error).__name__
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    trouble = classify(getattr(error, "status_code", None), code, text, headers=headers, said=said)
    return replace(trouble, usage=usage)


def classify(
    status: int | None,
    code: str,
    text: str,
    *,
    headers: Mapping[str, str] | None = None,
    said: Mapping[str, Any] | None = None,
) -> Trouble:
    """The trouble that a status, an error's code and its message speak of; None and 200 are errors in a stream."""
    reason, seconds = _sentence(status, code, text), _told_wait(headers or {})
    if code in _OVERFLOW_CODES or status == 413 or _OVERFLOW.search(text):
        return Trouble(None, reason, overflow=True)
    fault = fault_of(None if status == 200 else status, _all_said(code, text, said or {}), seconds)
    match fault.kind if fault else None:
        case FaultKind.EXHAUSTED | FaultKind.UNAUTHENTICATED as kind:
            return Trouble(kind, reason, until=fault.until if fault else None)
        case FaultKind.THROTTLED as kind:
            return Trouble(kind, reason, again=True, seconds=seconds)
        case None if status not in _PASSING:
            return Trouble(None, reason)
        case _ if code in _REFUSED_CODES:
            return Trouble(None, reason)
        case _:
            passing = status != 404 and code not in _UNKNOWN_CODES
            return Trouble(FaultKind.UNAVAILABLE, reason, again=passing, seconds=seconds)


def _all_said(code: str, text: str, said: Mapping[str, Any]) -> str:
    """The error in one text, the fields that tell when it is over among it."""
    resets = [f"{name}: {said[name]:.0f}" for name in _RESETS if isinstance(said.get(name), int | float)]
    return "; ".join(part for part in (code, text, *resets) if part)


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
