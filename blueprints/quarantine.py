"""Rules about quarantine: it is for checks that exist, and for a while."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from blueprints.draft import Draft, Part
from blueprints.errors import Problem, suggest
from blueprints.text import quote

LONGEST = timedelta(days=90)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def known_checks(draft: Draft) -> Iterator[Problem]:
    known = _names(draft)
    for name in draft.root.part("quarantine").data:
        if name not in known:
            yield draft.problem(("quarantine", name), f"unknown check {quote(name)}; {suggest(name, known)}")


def not_for_long(draft: Draft) -> Iterator[Problem]:
    """A day that is past is no mistake: the check then simply counts again."""
    latest = date.today() + LONGEST
    for entry in draft.root.parts("quarantine"):
        until = _day(entry.text("until"))
        if until and until > latest:
            message = f"a quarantine lasts at most {LONGEST.days} days; write {latest} or an earlier day"
            yield draft.problem((*entry.path, "until"), message)


def _names(draft: Draft) -> set[str]:
    """What a check may be called: as in `PlannedCheck.names`."""
    names = {name for check in draft.checks if (name := check.text("name"))}
    names |= set(draft.contract) | _numbered("validator-", draft.root.parts("validators"))
    for milestone in draft.milestones:
        names |= _numbered("validate-", milestone.parts("validate"))
    for assertion, proofs in draft.assertions.items():
        names |= _numbered(f"{assertion}.", proofs) if len(proofs) > 1 else set()
    return names


def _numbered(prefix: str, checks: list[Part]) -> set[str]:
    return {f"{prefix}{number}" for number in range(1, len(checks) + 1)}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text and _DATE.fullmatch(text) else None
    except ValueError:
        return None
