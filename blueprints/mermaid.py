"""A plan as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.forecast import milestone_collisions
from blueprints.plan import Plan, PlannedFeature, PlannedMilestone

_AVOIDS = '-- "avoids a conflict" -->'


def mermaid(plan: Plan) -> str:
    """A flowchart: a box per milestone, the gate before them, the report after, likely conflicts dotted.

    Node ids are numbers (`m1f2`), so that no feature's id can be a word of Mermaid's own; labels are quoted.
    """
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield "flowchart TD"
    before = "start"
    yield f'  start(["{label(plan.blueprint.mission)}"])'
    if plan.blueprint.require_plan_approval:
        yield '  gate{{"approve plan"}}'
        yield "  start --> gate"
        before = "gate"
    for number, milestone in enumerate(plan.milestones, 1):
        yield from _milestone(f"m{number}", milestone, before)
        before = f"m{number}seal"
    yield '  report(["report"])'
    yield f"  {before} --> report"


def _milestone(prefix: str, milestone: PlannedMilestone, before: str) -> Iterator[str]:
    ids = {feature.id: f"{prefix}f{n}" for n, feature in enumerate(milestone.features, 1)}
    yield f'  subgraph {prefix}["{label(milestone.name)}"]'
    for feature in milestone.features:
        yield f'    {ids[feature.id]}["{label(feature.id)}"]'
    yield f'    {prefix}integrate["integrate"]'
    yield f'    {prefix}validate{{{{"validate: {_count(len(milestone.checks), "check")}"}}}}'
    yield f'    {prefix}seal(["seal"])'
    yield "  end"
    for feature in milestone.features:
        yield from (f"  {source} {ids[feature.id]}" for source in _sources(feature, ids, before))
    for collision in milestone_collisions(milestone):
        yield f'  {ids[collision.first]} -. "may conflict" .- {ids[collision.second]}'
    yield from (f"  {ids[name]} --> {prefix}integrate" for name in _last(milestone))
    yield f"  {prefix}integrate --> {prefix}validate --> {prefix}seal"


def _sources(feature: PlannedFeature, ids: dict[str, str], before: str) -> list[str]:
    """Each with its arrow."""
    needs = dict.fromkeys(feature.waits_for)
    return [f"{ids[need]} {_AVOIDS if need in feature.avoids else '-->'}" for need in needs] or [f"{before} -->"]


def _last(milestone: PlannedMilestone) -> list[str]:
    """Features that no other one of the milestone waits for."""
    awaited = {need for feature in milestone.features for need in feature.waits_for}
    return [feature.id for feature in milestone.features if feature.id not in awaited]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def label(text: str) -> str:
    """Text inside quotes: Mermaid reads `#35;` as the sign with that number."""
    return "".join(c if c.isalnum() or c in " -_.,:/()" else f"#{ord(c)};" for c in " ".join(text.split()))
