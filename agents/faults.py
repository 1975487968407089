"""What a status and an error's text say about a provider: nothing, or a fault that no agent can help."""

from __future__ import annotations

import re
import time

from agents.base import Fault
from agents.resets import reset_time
from ledger.conversation import FaultKind

_LONGEST_REASON = 300
_SHORT = 300.0
"""Seconds; a quota that is there again so soon is one per minute."""

_STATUS = re.compile(
    r"(?:api error|status(?:[ _]?code)?|http(?:/\d(?:\.\d)?)?|error code|\bcode)\W{0,4}([45]\d\d)\b"
    r"|^\W*([45]\d\d)\b(?=\W*\{|\s+(?:unauthori|forbidden|payment|not found|too many|internal|bad|service))",
    re.I,
)
# "Billing" alone is no sign: messages about ordinary rate limits advertise the billing page.
_EXHAUSTED = re.compile(
    r"usage[_ ]limit|insufficient[_ ](?:quota|balance|credits?|funds)|exceeded your current quota"
    r"|quota[_ ](?:exceeded|exhausted|reached)|(?:exceeded|exhausted|reached)[\w ]{0,30} quota\b"
    r"|hit your [\w-]{0,20} ?(?:spend |usage )?limit|limit reached\W{1,4}resets"
    r"|(?:5-hour|five-hour|hourly|daily|session|weekly|monthly|opus|sonnet) limit (?:reached|exceeded|hit)"
    r"|spend(?:ing)?[_ ]limit|credit balance is too low"
    r"|out of (?:\w+ )?credits|no credits|credits? (?:exhausted|depleted|used up)|billing_(?:error|hard|not)"
    r"|billing (?:hard limit|is not active|not active)|check your plan and billing|payment required"
    r"|terminalquotaerror",
    re.I,
)
_PER_MINUTE = re.compile(r"per[-_ ]?(?:minute|second)|\b[rt]pm\b", re.I)
_UNAUTHENTICATED = re.compile(
    r"authentication[_ ](?:error|failed|required)|(?:invalid|incorrect|missing|expired|no|bad)[\w ]{0,10} api[-_ ]?key"
    r"|api[-_ ]?key (?:is )?(?:not (?:valid|found|set|provided)|invalid|missing|required|expired)|api_key_invalid"
    r"|invalid x-api-key|permission_error|invalid_api_key|invalid (?:bearer|auth\w*) (?:token|header|credentials)"
    r"|(?:oauth |access |refresh )token (?:has )?(?:expired|revoked|been revoked|is invalid)|not logged in"
    r"|please (?:run /login|log ?in|sign in)|run `?\w+ login|\bunauthori[sz]ed\b|unauthenticated"
    r"|not authenticated|set an auth method|must specify the \w+ environment variable",
    re.I,
)
_THROTTLED = re.compile(
    r"(?<![/\w.])rate[-_ ]?limit(?!\w*\.\w)|too many requests|resource[_ ](?:has been )?exhausted|throttl|slow_down",
    re.I,
)
_UNAVAILABLE = re.compile(
    r"overloaded|at capacity|service (?:is )?(?:currently |temporarily )?unavailable|internal server error|bad gateway"
    r"|gateway time-?out|model[_ ]not[_ ]found|modelnotfound"
    r"|model\W[^.\n]{0,80}(?:does not exist|was not found|not found|is not (?:available|supported|found))"
    r"|models/\S+ is not found|issue with the selected model"
    r"|connection (?:error|refused|reset|timed out|closed)|econn(?:refused|reset|aborted)|enotfound|eai_again|etimedout"
    r"|(?:cannot|could not|unable to|failed to) (?:connect|reach|resolve)|fetch failed|network (?:error|is unreachable)"
    r"|waiting for network|stream (?:disconnected|closed) before|error sending request|dns error"
    r"|temporary failure in name resolution|request timed out",
    re.I,
)


def fault_of(
    status: int | None, text: str, retry_after: float | None = None, *, now: float | None = None
) -> Fault | None:
    """The provider's fault behind an error of its own or of a program that speaks with it; None when it has none.

    `status` is HTTP's, looked for in `text` when it is not told; `retry_after` are seconds; `now` is the time.
    """
    now = time.time() if now is None else now
    kind = _kind(status or _told_status(text), text, retry_after, now)
    if kind is None:
        return None
    until = None
    if kind in (FaultKind.EXHAUSTED, FaultKind.THROTTLED):
        until = reset_time(text, now) or (None if retry_after is None else now + retry_after)
    return Fault(kind, _sentence(kind, status, text), until)


def _kind(status: int | None, text: str, retry_after: float | None, now: float) -> FaultKind | None:
    if status == 402 or (_EXHAUSTED.search(text) and not _is_soon_over(text, retry_after, now)):
        return FaultKind.EXHAUSTED
    if status in (401, 403):
        return FaultKind.UNAUTHENTICATED
    if status == 429:
        return FaultKind.THROTTLED
    if status is not None and status >= 500:
        return FaultKind.UNAVAILABLE
    return _kind_by_words(text) or (FaultKind.UNAVAILABLE if status in (404, 408) else None)


def _kind_by_words(text: str) -> FaultKind | None:
    """The first that fits: a refused key may be told together with all others, a limit together with an outage."""
    signs = {
        _UNAUTHENTICATED: FaultKind.UNAUTHENTICATED,
        _EXHAUSTED: FaultKind.THROTTLED,  # only one per minute gets here
        _THROTTLED: FaultKind.THROTTLED,
        _UNAVAILABLE: FaultKind.UNAVAILABLE,
    }
    return next((kind for sign, kind in signs.items() if sign.search(text)), None)


def _is_soon_over(text: str, retry_after: float | None, now: float) -> bool:
    """A quota per minute, which the same words speak of as of one per month."""
    if "quota" not in text.lower() or "usage limit" in text.lower():
        return False
    told = reset_time(text, now)
    seconds = told - now if told is not None else retry_after
    return seconds <= _SHORT if seconds is not None else bool(_PER_MINUTE.search(text))


def _told_status(text: str) -> int | None:
    match = _STATUS.search(text)
    return int(match[1] or match[2]) if match else None


_SENTENCES = {
    FaultKind.UNAUTHENTICATED: "the provider does not accept the credential",
    FaultKind.EXHAUSTED: "what the credential may use is used up",
    FaultKind.THROTTLED: "the provider asks for fewer calls",
    FaultKind.UNAVAILABLE: "the model cannot be used",
}


def _sentence(kind: FaultKind, status: int | None, text: str) -> str:
    told = " ".join(text.split())[:_LONGEST_REASON] or (f"HTTP status {status}" if status else "")
    return f"{_SENTENCES[kind]}: {told}" if told else _SENTENCES[kind]
