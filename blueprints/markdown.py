"""A plan as Markdown: what an approver decides on, and what the report begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.errors import one_line
from blueprints.plan import Plan, PlannedCheck, PlannedFeature, PlannedMilestone
from blueprints.schema import Blueprint, Role


def markdown(plan: Plan) -> str:
    """Goal, limits, and per milestone its features and checks.

    Whatever a blueprint's texts hold, they stay text: they add no markup, and hide nothing from the approver.
    """
    return "\n".join(_lines(plan)) + "\n"


def checks_again(plan: Plan, milestone: PlannedMilestone) -> list[PlannedCheck]:
    """Those of its checks that earlier milestones run too."""
    earlier = plan.milestones[: plan.milestones.index(milestone)]
    known = {(check.id, check.key) for other in earlier for check in other.checks}
    return [check for check in milestone.checks if (check.id, check.key) in known]


def _lines(plan: Plan) -> Iterator[str]:
    yield f"# {_text(plan.blueprint.mission)}"
    yield ""
    yield _text(plan.blueprint.goal)
    yield ""
    yield from _limits(plan)
    for number, milestone in enumerate(plan.milestones, 1):
        yield ""
        yield f"## {number}. {_text(milestone.name)}"
        yield ""
        yield from _features(milestone)
        yield from _checks(plan, milestone)


def _limits(plan: Plan) -> Iterator[str]:
    blueprint = plan.blueprint
    yield f"- Plan {_code(plan.digest)}"
    yield f"- Works on {_repository(blueprint)}, mode {blueprint.mode.value}"
    yield "- Agents: " + ", ".join(f"{role.value} {_code(plan.role(role))}" for role in Role)
    yield f"- Most agents at once: {blueprint.max_concurrency}"
    yield f"- Most repair rounds per milestone: {blueprint.repairs}"
    for line in blueprint.setup:
        yield f"- Prepares each worktree with {_shell(line)}"


def _repository(blueprint: Blueprint) -> str:
    repository = blueprint.repository
    return f"{_code(repository.url or repository.path or '.')} at branch {_code(repository.base_branch)}"


def _features(milestone: PlannedMilestone) -> Iterator[str]:
    if milestone.objective:
        yield _text(milestone.objective)
        yield ""
    yield "| Feature | Needs | Agent | Fulfills |"
    yield "| --- | --- | --- | --- |"
    yield from map(_row, milestone.features)
    yield ""
    yield "Critical path: " + " → ".join(map(_code, milestone.critical_path()))
    yield ""


def _row(feature: PlannedFeature) -> str:
    title = "" if feature.title == feature.id else f" {_text(feature.title)}"
    needs, fulfills = (", ".join(map(_code, names)) for names in (feature.needs, feature.assertions))
    return f"| {_code(feature.id)}{title} | {needs} | {_code(feature.agent)} | {fulfills} |"


def _checks(plan: Plan, milestone: PlannedMilestone) -> Iterator[str]:
    again = checks_again(plan, milestone)
    yield from (_check(check) for check in milestone.checks if check not in again)
    if again:
        yield "- Again: " + ", ".join(_code(check.id) for check in again)


def _check(planned: PlannedCheck) -> str:
    says = "" if planned.says == planned.check.summary else f": {_text(planned.says)}"
    return f"- {_code(planned.id)}{says} {_shell(planned.check.summary)}"


def _text(text: str) -> str:
    """Text on one line, without markup, HTML or links."""
    flat = one_line(" ".join(text.split()))
    marked = re.sub(r"([\\`*_\[\]|~])", r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"^(\d*)([-+#>=.)])", r"\1\\\2", marked)


def _code(text: str) -> str:
    """A code span, also around backticks."""
    fence = _fence(text, 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{one_line(text)}{space}{fence}"


def _shell(lines: str) -> str:
    """A command inside a list item, its lines kept apart."""
    lines = lines.rstrip("\n")
    if "\n" not in lines:
        return _code(lines)
    fence = _fence(lines, 3)
    block = [f"{fence}bash", *map(one_line, lines.split("\n")), fence]
    return "\n\n" + "\n".join(f"  {line}" for line in block) + "\n"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, max(map(len, re.findall("`+", text)), default=0) + 1)
