"""The contract as a page that people and other tools read: areas, assertions, how each is proved."""

from __future__ import annotations

from itertools import groupby

from blueprints.schema import Assertion, Blueprint


def contract_page(blueprint: Blueprint) -> str:
    """`contract.md`: a section by area, and in it `### VAL-AREA-NNN: what is true`, `Tool:`, `Evidence:`."""
    sections = [
        f"## {area}\n\n" + "\n".join(_entry(name, assertion) for name, assertion in entries)
        for area, entries in groupby(sorted(blueprint.contract.items()), key=lambda entry: entry[0].rpartition("-")[0])
    ]
    return f"# Contract: {blueprint.mission}\n\n{blueprint.goal.strip()}\n\n" + "\n".join(sections)


def _entry(name: str, assertion: Assertion) -> str:
    says = " ".join(assertion.says.split())
    tools = ", ".join(dict.fromkeys(check.kind for check in assertion.proofs))
    seen = "; ".join(f"`{check.summary.strip()}`" for check in assertion.proofs)
    return f"### {name}: {says}\n\nTool: {tools}\nEvidence: output of {seen}\n"
