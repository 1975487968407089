"""Days and amounts as people write them. What cannot be read is a ValueError with a sentence."""

from __future__ import annotations

import re
from datetime import date

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]{1,2}))?")


def parse_amount(text: str) -> int:
    """Cents of `12.50`, `12,5` or `-3`."""
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not an amount; write it like 12.50")
    sign, units, cents = match.groups(default="")
    total = int(units) * 100 + int(cents.ljust(2, "0"))
    return -total if sign else total


def format_amount(cents: int) -> str:
    units, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units}.{rest:02}"


def parse_day(text: str) -> str:
    """The day itself, if there is such a day."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError(f"'{text}' is not a day; write it like 2024-05-31")
