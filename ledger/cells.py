"""What reports are written with: signs, durations, and tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEEN = 300
"""How much of what was seen a table shows, in characters."""
_RULE = re.compile(r"([-=_*~])\1{4,}")
_SIGNS = {
    "passed": "✓",
    "sealed": "✓",
    "integrated": "✓",
    "done": "✓",
    "failed": "✗",
    "quarantined": "✗",
    "rejected": "✗",
    "blocked": "✗",
    "inconclusive": "?",
}


def sign(status: str) -> str:
    """A status as a sign, where there is one, and a word."""
    return f"{_SIGNS.get(status, '')} {status}".strip()


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def cell(text: str) -> str:
    """Text that stays in its table cell."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def seen(reason: str) -> str:
    """The end of what was seen, where a command's output tells most, without the rules that runners draw."""
    return cell(_RULE.sub("…", reason)[-_SEEN:])


def table(head: list[str], rows: Iterable[list[str]], *, numbers: bool = False) -> str:
    """`numbers`: the columns after the first hold figures, under one another."""
    rule = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
