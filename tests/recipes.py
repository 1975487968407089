"""What the README tells people to type."""

from __future__ import annotations

import re
from pathlib import Path

_README = Path(__file__).parents[1] / "README.md"


def recipe(title: str) -> list[str]:
    """The text of each fenced block under this heading."""
    text = _README.read_text(encoding="utf-8")
    [section] = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE)
    blocks: list[str] = re.findall(r"^```\w+\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return blocks
