"""The contract as a page that people and other tools read: areas, assertions, how each is proved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from blueprints.coverage import Covered, coverage
from blueprints.markup import as_code, as_text
from blueprints.schema import Assertion, Blueprint

_TITLE = 80
"""About the most characters of a sentence in a heading."""
_LEFT_BY = {
    "pytest": "output, junit.xml",
    "junit": "output, the XML files it writes",
    "http": "exchange.json",
    "browser": "screenshots, trace, network log",
    "codebase": "the lines that match",
    "files": "the files that match",
    "coverage": "output, the report it writes",
    "review": "the reviewer's issues",
    "user-test": "the tester's account",
    "manual": "the person's answer",
}
"""What kinds of checks leave by themselves; the others their output."""


def contract_page(blueprint: Blueprint) -> str:
    """`contract.md`: a section by area, in it `### VAL-AREA-NNN: title`, the behaviour, and lines such as `Tool:`.

    Whatever a blueprint's texts hold, they stay text: they add no heading and no line of their own.
    """
    lines = [f"# Contract: {blueprint.mission}", "", _paragraph(blueprint.goal)]
    for area, entries in groupby(sorted(coverage(blueprint), key=lambda entry: entry.id), _area):
        lines += ["", f"## {area}"]
        for covered in entries:
            lines += ["", *_entry(covered)]
    return "\n".join(lines) + "\n"


def _area(covered: Covered) -> str:
    return covered.id.rpartition("-")[0]


def _entry(covered: Covered) -> Iterator[str]:
    yield f"### {covered.id}: {as_text(_title(covered.says))}"
    yield ""
    yield _paragraph(covered.says)
    yield ""
    yield from _facts(covered)
    proofs = covered.assertion.proofs
    if len(proofs) > 1:
        yield ""
        yield from (f"- {check.kind}: {as_code(check.summary.strip())}" for check in proofs)


def _facts(covered: Covered) -> Iterator[str]:
    proofs = covered.assertion.proofs
    does = f": {as_code(proofs[0].summary.strip())}" if len(proofs) == 1 else ""
    yield f"Tool: {', '.join(covered.kinds)}{does}"
    yield f"Evidence: {'; '.join(_evidence(covered.assertion))}"
    if covered.invariant:
        yield "Invariant: yes"
    if covered.assertion.from_:
        yield f"From: {as_text(covered.assertion.from_)}"
    yield f"Claimed by: {', '.join(covered.claimed_by)}"


def _evidence(assertion: Assertion) -> list[str]:
    declared = [", ".join(map(as_code, assertion.evidence))] if assertion.evidence else []
    return declared + list(dict.fromkeys(_LEFT_BY.get(check.kind, "output") for check in assertion.proofs))


def _paragraph(text: str) -> str:
    """A text that is no line such as `Tool:` of its own."""
    return re.sub(r"^([\w ]+):", r"\1\:", as_text(text))


def _title(says: str) -> str:
    """The beginning of a sentence, cut between words where it is long."""
    flat = " ".join(says.split())
    if len(flat) <= _TITLE:
        return flat.removesuffix(".")
    return (flat[: _TITLE + 1].rpartition(" ")[0] or flat[:_TITLE]) + "..."
