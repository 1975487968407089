"""What the README tells people to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.conftest import Missions

_README = Path(__file__).parents[1] / "README.md"


def recipe(title: str) -> list[str]:
    """The text of each fenced block under this heading."""
    text = _README.read_text(encoding="utf-8")
    [section] = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text, re.DOTALL | re.MULTILINE)
    blocks: list[str] = re.findall(r"^```\w+\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return blocks


def follow(commands: str, missions: Missions, *, blueprint: Path, pool: str) -> list[str]:
    """Type each `mission` command, with files and names of this test; the other lines are returned."""
    others: list[str] = []
    for line in commands.splitlines():
        program, *words = shlex.split(line)
        if program != "mission":
            others.append(line)
            continue
        done = missions(*({"mission.yaml": str(blueprint), "missions": pool}.get(word, word) for word in words))
        assert (done.returncode, done.stderr) == (0, ""), line
    return others
