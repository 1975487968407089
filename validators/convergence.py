"""Whether repairing leads anywhere: the same failure again, or a verdict that flips back, ends the loop early."""

from __future__ import annotations

import re
from collections.abc import Sequence

from blueprints.digest import digest
from validators.base import Verdict

_VARYING = re.compile(r"/\S+|\b[0-9a-f]{7,}\b|\d+(?:[.,:]\d+)*")
"""What differs between two runs of the same failure: paths of checkouts, object names, numbers, times."""


def fingerprint(verdict: Verdict) -> str:
    """The same for two failures that differ only in paths, names of objects and numbers."""
    return digest(verdict.id, verdict.status, _VARYING.sub("#", verdict.reason))


def stuck(rounds: Sequence[Sequence[Verdict]]) -> str | None:
    """Why another repair would be in vain, or None. `rounds` holds the verdicts of every round, oldest first."""
    if len(rounds) < 2:
        return None
    before, now = ({fingerprint(v) for v in verdicts if not v.passed} for verdicts in rounds[-2:])
    if now and now == before:
        names = ", ".join(v.id for v in rounds[-1] if not v.passed)
        return f"the repair changed nothing: {names} as in the round before"
    flipped = [v.id for v in rounds[-1] if not v.passed and _was_mended(v.id, rounds[:-1])]
    if flipped:
        return f"the repairs go in circles: {', '.join(flipped)} did not pass, passed, and does not pass again"
    return None


def _was_mended(name: str, rounds: Sequence[Sequence[Verdict]]) -> bool:
    """Whether the check passed in the last of these rounds although it had not in an earlier one."""
    history = [v.passed for verdicts in rounds for v in verdicts if v.id == name]
    return history[-1:] == [True] and False in history
