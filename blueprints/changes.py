"""What a plan has otherwise than another one, thing by thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from blueprints.plan import Plan, PlannedCheck, PlannedMilestone

How = Literal["added", "removed", "changed", "moved"]

_PARTS = {
    "contract": "assertion",
    "agents": "agent",
    "services": "service",
    "instructions": "instructions for the",
    "quarantine": "quarantine of",
}
"""Keys of a blueprint that hold things by name, and what one of those is called."""
_TOLD_APART = {*_PARTS, "milestones", "validators"}


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise."""

    part: str
    """milestone, feature, check, assertion, agent, service, ... or setting."""
    name: str
    how: How
    about: tuple[str, ...] = ()
    """The keys that changed, as the blueprint spells them; where it is now, of what was added or moved."""


def changes(before: Plan, after: Plan) -> Iterator[Change]:
    """Part by part, in the order in which a blueprint is read."""
    old, new = (plan.blueprint.model_dump(mode="json") for plan in (before, after))
    yield from _milestones(before, after)
    yield from _moved_features(before, after)
    yield from _named("check", _plain_checks(before), _plain_checks(after))
    for key, part in _PARTS.items():
        yield from _named(part, old[key], new[key])
    for key in new:
        if key not in _TOLD_APART and old[key] != new[key]:
            yield Change("setting", key, "changed", _keys(old[key], new[key]))
    if before.folder != after.folder:
        yield Change("setting", "the blueprint's folder", "changed")


def _milestones(before: Plan, after: Plan) -> Iterator[Change]:
    places = [{(m.name, f.id) for m in plan.milestones for f in m.features} for plan in (before, after)]
    stay = places[0] & places[1]
    old, new = ({m.name: _about(m, stay) for m in plan.milestones} for plan in (before, after))
    yield from _named("milestone", old, new)
    common = [name for name in new if name in old]
    for name, other in zip(common, [name for name in old if name in new], strict=True):
        if name != other:
            yield Change("milestone", name, "moved", (f"to place {list(new).index(name) + 1}",))


def _about(milestone: PlannedMilestone, stay: set[tuple[str, str]]) -> dict[str, Any]:
    """What is told of a milestone itself; features that come or go are told apart."""
    order = [feature.id for feature in milestone.features if (milestone.name, feature.id) in stay]
    return {"objective": milestone.objective, "order of features": order}


def _moved_features(before: Plan, after: Plan) -> Iterator[Change]:
    old, new = (
        {f.id: (m.name, f.model_dump(mode="json")) for m in plan.blueprint.milestones for f in m.features}
        for plan in (before, after)
    )
    for change in _named("feature", *({name: fields for name, (_, fields) in side.items()} for side in (old, new))):
        yield Change("feature", change.name, change.how, change.about or _place(change, new))
    for name in new:
        if name in old and old[name][0] != new[name][0]:
            yield Change("feature", name, "moved", (f"to {new[name][0]}",))


def _place(change: Change, new: Mapping[str, tuple[str, Any]]) -> tuple[str, ...]:
    return (f"to {new[change.name][0]}",) if change.how == "added" else ()


def _plain_checks(plan: Plan) -> dict[str, Any]:
    """Those that prove no assertion: the mission's once, the others with their milestone's name."""
    found = ((m, check) for m in plan.milestones for check in m.checks if check.assertion is None)
    return {_place_of(m, check): check.check.model_dump(mode="json") for m, check in found}


def _place_of(milestone: PlannedMilestone, check: PlannedCheck) -> str:
    return check.id if check.id.startswith("validator-") else f"{milestone.name}.{check.id}"


def _named(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in changed(old, new):
        if name not in old:
            yield Change(part, name, "added")
        elif name not in new:
            yield Change(part, name, "removed")
        else:
            yield Change(part, name, "changed", _keys(old[name], new[name]))


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Names of what came, went or is otherwise."""
    return [name for name in {**old, **new} if name not in old or name not in new or old[name] != new[name]]


def _keys(old: Any, new: Any) -> tuple[str, ...]:
    """The keys that changed, where it has any."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ()
    return tuple(changed(cast(dict[str, Any], old), cast(dict[str, Any], new)))
