"""Rules about the schedule: its times can be read, and an approval in advance has limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from blueprints.draft import Draft
from blueprints.errors import Problem, suggest
from blueprints.hours import Window
from blueprints.text import quote

_CRON = re.compile(r"@(hourly|daily|weekly|monthly|yearly)|[\d*/,A-Za-z#-]+( +[\d*/,A-Za-z#-]+){4}", re.ASCII)
"""As much as is the same wherever crontabs are read; the rest is said by `mission deploy`."""
_LIMITS = ("plan", "maxFeatures", "maxAgentRuns")


def known_timezone(draft: Draft) -> Iterator[Problem]:
    name = draft.root.part("schedule").text("timezone")
    if name is not None and not _is_zone(name):
        message = f"unknown time zone {quote(name)}; {suggest(name, sorted(available_timezones()))}"
        yield draft.problem(("schedule", "timezone"), message)


def known_hours(draft: Draft) -> Iterator[Problem]:
    if window := draft.root.part("schedule").text("window"):
        try:
            Window.of(window, "UTC")
        except ValueError as error:
            yield draft.problem(("schedule", "window"), str(error))


def readable_cron(draft: Draft) -> Iterator[Problem]:
    cron = draft.root.part("schedule").text("cron")
    if cron is not None and not _CRON.fullmatch(cron.strip()):
        message = f"{quote(cron)} is not a line of a crontab; write five fields, such as '0 22 * * *' for ten at night"
        yield draft.problem(("schedule", "cron"), message)


def approval_has_limits(draft: Draft) -> Iterator[Problem]:
    """Or every later plan of this blueprint would be approved."""
    approve = draft.root.part("schedule").part("approve")
    if approve.data and not any(key in approve.data for key in _LIMITS):
        message = f"approves whatever the plan becomes; say one of {', '.join(_LIMITS)}"
        yield draft.problem(approve.path, message)


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ValueError, OSError, KeyError):  # not found; a path out of its folder; a folder
        return False
