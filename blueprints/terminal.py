"""A plan for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from blueprints.coverage import Covered, coverage, reasons, services_in_use
from blueprints.errors import one_line
from blueprints.estimate import agent_runs
from blueprints.forecast import milestone_collisions
from blueprints.markdown import checks_again
from blueprints.plan import Plan, PlannedCheck, PlannedFeature, PlannedMilestone

_WIDTH = 80
_COLUMNS = (24, 20, 16)
"""Most room for the columns before the last."""


def text(plan: Plan) -> str:
    """The plan in lines of at most 80 columns."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.blueprint.mission} (plan {plan.digest[:12]})"
    yield from _wrap("  ", plan.blueprint.goal)
    runs = agent_runs(plan)
    yield f"  agent runs: {runs.least} to {runs.most}"
    why = reasons(plan.blueprint)
    for number, milestone in enumerate(plan.milestones, 1):
        yield ""
        yield f"Milestone {number}: {milestone.name}"
        yield from _wrap("  ", milestone.objective)
        yield from _waves(milestone, why)
        yield from _wrap("  critical path: ", " -> ".join(milestone.critical_path()))
        yield from _collisions(milestone)
        yield from _checks(plan, milestone)
    yield from _contract(plan)
    yield from _services(plan)


def _waves(milestone: PlannedMilestone, why: dict[str, str]) -> Iterator[str]:
    features = {feature.id: feature for feature in milestone.features}
    for number, wave in enumerate(milestone.waves(), 1):
        yield f"  wave {number}"
        for name in wave:
            yield from _feature_lines(features[name], why.get(name))


def _feature_lines(feature: PlannedFeature, reason: str | None) -> Iterator[str]:
    title = "" if feature.title == feature.id else feature.title
    yield from _wrap(f"    {feature.id}  ", title)
    facts = [f"agent {feature.agent}"]
    facts += [f"needs {', '.join(map(_need(feature), feature.needs))}"] if feature.needs else []
    facts += [f"fulfills {', '.join(feature.assertions)}"] if feature.assertions else []
    facts += [f"fulfills nothing: {reason}"] if reason else []
    yield from _wrap("      ", "; ".join(facts))


def _need(feature: PlannedFeature) -> Callable[[str], str]:
    return lambda name: f"{name} (avoids a conflict)" if name in feature.avoids else name


def _collisions(milestone: PlannedMilestone) -> Iterator[str]:
    found = milestone_collisions(milestone)
    if found:
        yield "  likely conflicts, which schedule: {avoidConflicts: true} avoids"
    for collision in found:
        advice = f"{collision.reason}; or give {collision.second} {collision.suggestion}"
        yield from _wrap(f"    {collision.first}, {collision.second}  ", advice)


def _checks(plan: Plan, milestone: PlannedMilestone) -> Iterator[str]:
    again = checks_again(plan, milestone)
    yield "  checks"
    for check in milestone.checks:
        if check not in again:
            yield from _wrap(f"    {check.id}  ", _what(check))
    if again:
        yield from _wrap("    again: ", ", ".join(check.id for check in again))


def _what(planned: PlannedCheck) -> str:
    """One of several checks of an assertion does not repeat its sentence."""
    several = planned.assertion not in (None, planned.id)
    return f"{planned.check.kind}: {planned.check.name or planned.check.summary}" if several else planned.says


def _contract(plan: Plan) -> Iterator[str]:
    contract = coverage(plan.blueprint)
    if not contract:
        return
    yield ""
    yield "Contract"
    head, *rows = _table([("assertion", "proved by", "milestone", "claimed by"), *map(_cells, contract)])
    yield from head
    for row, covered in zip(rows, contract, strict=True):
        yield from row
        yield from _wrap("    ", f"invariant: {covered.says}" if covered.invariant else covered.says)


def _cells(covered: Covered) -> tuple[str, ...]:
    return covered.id, ", ".join(covered.proved_by), covered.milestone, ", ".join(covered.claimed_by)


def _table(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The lines of each row, cells aligned; what does not fit in a column goes on below in it."""
    widths = [min(most, max(map(len, column))) for most, column in zip(_COLUMNS, zip(*rows, strict=True), strict=False)]
    widths.append(_WIDTH - sum(widths) - 2 * len(widths) - 2)
    return [_row(row, widths) for row in rows]


def _row(row: Sequence[str], widths: list[int]) -> list[str]:
    cells = [textwrap.wrap(cell, width, break_on_hyphens=False) for cell, width in zip(row, widths, strict=True)]
    lines = zip_longest(*cells, fillvalue="")
    return ["  " + "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _services(plan: Plan) -> Iterator[str]:
    names = services_in_use(plan.blueprint)
    if names:
        yield ""
        yield "Services"
    for name in names:
        service = plan.blueprint.services[name]
        after = f"; after {', '.join(service.depends_on)}" if service.depends_on else ""
        yield from _wrap(f"  {name}  ", service.start)
        yield from _wrap("    ", f"healthy by {service.health}{after}")


def _wrap(beginning: str, line: str) -> list[str]:
    """Lines of at most 80 columns; after a name, what does not fit goes on two columns further in."""
    name = beginning.lstrip()
    first = " " * (len(beginning) - len(name))
    flat = name + one_line(" ".join(line.split()))
    return textwrap.wrap(
        flat,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first + "  " * bool(name),
        break_on_hyphens=False,
    )
