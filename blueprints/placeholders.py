"""What a page of instructions may leave to the engine to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

from blueprints.draft import Draft
from blueprints.errors import Problem
from blueprints.text import Path, quote

PLACEHOLDERS = (
    "mission",
    "goal",
    "milestone",
    "feature",
    "title",
    "spec",
    "assertions",
    "touches",
    "skill",
    "failures",
    "addresses",
    "instructions",
    "diff",
    "summary",
    "project",
    "notes",
    "handoff",
)
"""As in `agents/prompts/`; what there is none of becomes empty."""

_KNOWN = f"known: {', '.join(f'${name}' for name in PLACEHOLDERS)}"


def known_placeholders(draft: Draft) -> Iterator[Problem]:
    for role in draft.root.part("instructions").data:
        for path, page in draft.root.part("instructions").all_texts(role):
            yield from _mistakes(draft, path, page)


def _mistakes(draft: Draft, path: Path, page: str) -> Iterator[Problem]:
    """One problem for each unknown name, and one for all signs that stand for nothing."""
    found = list(Template.pattern.finditer(page))
    names = [match["named"] or match["braced"] for match in found]
    for name in dict.fromkeys(name for name in names if name and name not in PLACEHOLDERS):
        yield draft.problem(path, f"unknown placeholder {quote(f'${name}')}; {_KNOWN}")
    lone = [match for match in found if match["invalid"] is not None]
    if lone:
        line = page.count("\n", 0, lone[0].start()) + 1
        message = f"a '$' in line {line} of the text begins no placeholder; write '$$' for the sign itself; {_KNOWN}"
        yield draft.problem(path, message)
