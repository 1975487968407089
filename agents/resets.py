"""When a provider says that it may be tried again: the many ways in which programs write a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LONGEST = 366 * 86400.0
"""Seconds; what is further away is no time at which a limit ends."""
_JUST_NOW = timedelta(minutes=30)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_AMOUNT = r"\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\b"
_SPAN = re.compile(rf"(?:delay\W{{1,5}}|\b(?:in|after|for)\s+)((?:{_AMOUNT}[\s,]*(?:and\s+)?)+)", re.I)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.I)
_SECONDS = re.compile(r"\b(?:resets_in_seconds|retry[-_ ]after)\W{1,4}(\d+(?:\.\d+)?)(?!\S*[a-z])", re.I)
_EPOCH = re.compile(r"(?:\||\bresets?(?:_at|At)?\W{1,4})(1\d{9})(\d{3})?\b")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]|\s+at\s+)(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d)?"
)
_MONTHS: list[str] = [*"jan feb mar apr may jun jul aug sep oct nov dec".split()]  # noqa: SIM905  # it reads better
_CLOCK = re.compile(
    r"\b(?:at|resets?|until|on)\s+(?:at\s+)?"
    rf"(?:(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?:(?P<year>\d{{4}}),?\s+)?"
    r"(?:at\s+)?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?:(?P<half>[ap])\.?m\b\.?)?(?:\s*\((?P<zone>[A-Za-z_/+-]+)\))?",
    re.I,
)


def reset_time(text: str, now: float) -> float | None:
    """Seconds since the epoch that `text` speaks of, always after `now`; None when it names no time."""
    return next((time for time in _times(text, now) if now < time < now + _LONGEST), None)


def _times(text: str, now: float) -> Iterator[float]:
    for match in _EPOCH.finditer(text):
        yield float(match[1])
    for match in _SECONDS.finditer(text):
        yield now + float(match[1])
    for match in _SPAN.finditer(text):
        yield now + sum(float(number) * _unit(name) for number, name in _PART.findall(match[1]))
    for match in _ISO.finditer(text):
        yield from _iso(match)
    for match in _CLOCK.finditer(text):
        yield from _on_the_clock(match, now)


def _unit(name: str) -> float:
    short = name.lower()
    return _UNITS["ms" if short.startswith(("ms", "milli")) else short[0]]


def _iso(match: re.Match[str]) -> Iterator[float]:
    zone = match[3] or "Z"  # servers tell UTC where they tell no zone
    offset = "+00:00" if zone in ("Z", "UTC", "GMT") else zone
    try:
        yield datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}").timestamp()
    except ValueError:
        return


def _on_the_clock(match: re.Match[str], now: float) -> Iterator[float]:
    """`3pm (Europe/Berlin)`, `15:30`, `Nov 23, 3pm`: the next such time, where the reader is unless a zone is told."""
    if not (match["half"] or match["minute"]):
        return
    try:
        zone = _zone(match["zone"])
        here = datetime.fromtimestamp(now, zone) if zone else datetime.fromtimestamp(now).astimezone()
        told = here.replace(hour=_hour(match), minute=int(match["minute"] or 0), second=0, microsecond=0)
        yield _dated(told, match, here).timestamp()
    except (ValueError, ZoneInfoNotFoundError):
        return


def _hour(match: re.Match[str]) -> int:
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if not half:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def _dated(told: datetime, match: re.Match[str], here: datetime) -> datetime:
    if not match["month"]:
        just_over = told <= here < told + _JUST_NOW  # a clock that is a little behind ours
        return told if told > here or just_over else told + timedelta(days=1)
    month, day = _MONTHS.index(match["month"][:3].lower()) + 1, int(match["day"])
    dated = told.replace(year=int(match["year"] or here.year), month=month, day=day)
    return dated if dated > here or match["year"] else dated.replace(year=here.year + 1)


def _zone(name: str | None) -> tzinfo | None:
    """None is the zone of this machine, in which programs tell times when they name none."""
    if name is None:
        return None
    return UTC if name.upper() in ("UTC", "GMT", "Z") else ZoneInfo(name)
