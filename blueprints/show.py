"""A plan for people and programs to read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from blueprints.errors import one_line
from blueprints.markdown import checks_again, markdown
from blueprints.mermaid import mermaid
from blueprints.plan import Plan, PlannedCheck, PlannedFeature, PlannedMilestone
from blueprints.schema import Role
from blueprints.text import Data

__all__ = ["as_data", "markdown", "mermaid", "text"]

_WIDTH = 80


def text(plan: Plan) -> str:
    """The plan for a terminal of 80 columns."""
    return "\n".join(_lines(plan)) + "\n"


def as_data(plan: Plan) -> dict[str, Data]:
    """The plan for programs, as JSON data.

    `{mission, goal, mode, digest, limits{maxConcurrency, maxMilestones, maxFeaturesPerMilestone, repairs},
    roles{worker, integrator, repairer}, milestones[{name, objective, waves[[id]], criticalPath[id],
    features[{id, title, agent, needs[id], waitsFor[id], touches[], fulfills[assertion], skill, timeout,
    retries, allowEmpty, key}], checks[{id, kind, says, run, timeout, key}]}]}`. Times are in seconds.
    `needs` are all features built on, `waitsFor` those in the same milestone. Keys may be added, none is
    renamed.
    """
    blueprint = plan.blueprint
    return {
        "mission": blueprint.mission,
        "goal": blueprint.goal,
        "mode": blueprint.mode.value,
        "digest": plan.digest,
        "limits": {
            "maxConcurrency": blueprint.max_concurrency,
            "maxMilestones": blueprint.max_milestones,
            "maxFeaturesPerMilestone": blueprint.max_features_per_milestone,
            "repairs": blueprint.repairs,
        },
        "roles": {role.value: plan.role(role) for role in Role},
        "milestones": [_milestone_data(milestone) for milestone in plan.milestones],
    }


def _milestone_data(milestone: PlannedMilestone) -> Data:
    return {
        "name": milestone.name,
        "objective": milestone.objective,
        "waves": [[*wave] for wave in milestone.waves()],
        "criticalPath": [*milestone.critical_path()],
        "features": [_feature_data(feature) for feature in milestone.features],
        "checks": [_check_data(check) for check in milestone.checks],
    }


def _feature_data(feature: PlannedFeature) -> Data:
    return {
        "id": feature.id,
        "title": feature.title,
        "agent": feature.agent,
        "needs": [*feature.needs],
        "waitsFor": [*feature.waits_for],
        "touches": [*feature.touches],
        "fulfills": [*feature.assertions],
        "skill": feature.skill,
        "timeout": feature.timeout,
        "retries": feature.retries,
        "allowEmpty": feature.allow_empty,
        "key": feature.key,
    }


def _check_data(planned: PlannedCheck) -> Data:
    check = planned.check
    data: dict[str, Data] = {"id": planned.id, "kind": check.kind, "says": planned.says, "does": check.summary}
    return {**data, "timeout": check.timeout, "key": planned.key}


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.blueprint.mission} (plan {plan.digest[:12]})"
    yield from _wrap("  ", plan.blueprint.goal)
    for number, milestone in enumerate(plan.milestones, 1):
        yield ""
        yield f"Milestone {number}: {milestone.name}"
        yield from _wrap("  ", milestone.objective)
        yield from _waves(milestone)
        yield from _wrap("  critical path: ", " -> ".join(milestone.critical_path()))
        yield from _checks(plan, milestone)


def _waves(milestone: PlannedMilestone) -> Iterator[str]:
    features = {feature.id: feature for feature in milestone.features}
    for number, wave in enumerate(milestone.waves(), 1):
        yield f"  wave {number}"
        for name in wave:
            yield from _feature_lines(features[name])


def _feature_lines(feature: PlannedFeature) -> Iterator[str]:
    title = "" if feature.title == feature.id else feature.title
    yield from _wrap(f"    {feature.id}  ", title)
    facts = [f"agent {feature.agent}"]
    facts += [f"needs {', '.join(feature.needs)}"] if feature.needs else []
    facts += [f"fulfills {', '.join(feature.assertions)}"] if feature.assertions else []
    yield from _wrap("      ", "; ".join(facts))


def _checks(plan: Plan, milestone: PlannedMilestone) -> Iterator[str]:
    again = checks_again(plan, milestone)
    yield "  checks"
    for check in milestone.checks:
        if check not in again:
            yield from _wrap(f"    {check.id}  ", check.says)
    if again:
        yield from _wrap("    again: ", ", ".join(check.id for check in again))


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
