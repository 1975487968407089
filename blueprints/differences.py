"""What two plans of a mission have otherwise, and what of the work must be done again because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blueprints.changes import Change, How, changed, changes
from blueprints.markup import as_code
from blueprints.plan import Plan, PlannedFeature, PlannedMilestone

_Spelling = Callable[[str], str]
"""How a name is written."""


@dataclass(frozen=True)
class Differences:
    """Everything that is otherwise, and what follows from it.

    `again` and `proved_again` are what has to be done again as far as the plans can tell. It may become less: keys
    hold the tree that a feature starts from, so what leads to the same tree as before ends the matter there. And it
    may become more where a changed check fails and a repair changes what later milestones start from.
    """

    before: str
    """Digest of the plan as it was."""
    after: str
    changes: tuple[Change, ...]
    again: tuple[str, ...]
    """Features to be built again or for the first time: those in `changed_work`, those of the same milestone that
    wait for them, and all of the milestones that start from what an earlier one makes otherwise."""
    changed_work: tuple[str, ...]
    """Features whose own keys are new."""
    proved_again: tuple[str, ...]
    """Milestones whose seals, if they have any, are none any more."""
    changed_proofs: tuple[str, ...]
    """Assertions that are proved otherwise than before, came or went."""
    nothing: bool
    """Whether the plans are the same: nothing but comments, the order of keys and formatting may be otherwise."""

    def of(self, part: str, *how: How) -> list[str]:
        """Names of what is otherwise in these ways."""
        return [change.name for change in self.changes if change.part == part and change.how in how]

    def text(self) -> str:
        """A few lines for a terminal."""
        return "\n".join(self._lines(str, "  ")) + "\n"

    def markdown(self) -> str:
        """The same for the approver."""
        return "\n".join(["## What is different", "", *self._lines(as_code, "- ")]) + "\n"

    def _lines(self, name: _Spelling, mark: str) -> Iterator[str]:
        if self.nothing:
            yield f"{mark}nothing changed"
            return
        yield from (mark + _told(change, name) for change in self.changes)
        yield f"{mark}runs again, as far as it ran: {', '.join(map(name, self.again)) or 'no feature'}"
        yield f"{mark}is proved again: {', '.join(map(name, self.proved_again)) or 'no milestone'}"


def differences(before: Plan, after: Plan) -> Differences:
    """What `after` has otherwise than `before`."""
    known = {feature.id: feature.key for feature in _features(before)}
    changed_work = [feature.id for feature in _features(after) if known.get(feature.id) != feature.key]
    again, proved_again = _again(before, after, {*changed_work})
    return Differences(
        before=before.digest,
        after=after.digest,
        changes=tuple(changes(before, after)),
        again=tuple(again),
        changed_work=tuple(changed_work),
        proved_again=tuple(proved_again),
        changed_proofs=tuple(changed(_proofs(before), _proofs(after))),
        nothing=before == after,
    )


def _features(plan: Plan) -> list[PlannedFeature]:
    return [feature for milestone in plan.milestones for feature in milestone.features]


def _again(before: Plan, after: Plan, changed: set[str]) -> tuple[list[str], list[str]]:
    """Features and milestones, in the plan's order. What a milestone starts from follows from all before it."""
    again: list[str] = []
    proved: list[str] = []
    other_base = False
    for number, milestone in enumerate(after.milestones):
        was = before.milestones[number] if number < len(before.milestones) else None
        found = _again_in(milestone, was, changed, other_base=other_base)
        again += found
        if found or other_base or was is None or milestone.key != was.key:
            proved.append(milestone.name)
        other_base = other_base or bool(found) or was is None or _work(milestone) != _work(was)
    return again, proved


def _again_in(
    milestone: PlannedMilestone, was: PlannedMilestone | None, changed: set[str], *, other_base: bool
) -> list[str]:
    """Its features that are new or changed, came from another milestone, or wait for such."""
    here = {feature.id for feature in was.features} if was else set[str]()
    found: set[str] = set()
    for feature in milestone.in_order():
        if other_base or feature.id in changed or feature.id not in here or found.intersection(feature.waits_for):
            found.add(feature.id)
    return [feature.id for feature in milestone.features if feature.id in found]


def _work(milestone: PlannedMilestone) -> list[str]:
    return [feature.key for feature in milestone.features]


def _proofs(plan: Plan) -> dict[str, list[list[Any]]]:
    """How each assertion is proved, and what it says."""
    found: dict[str, list[list[Any]]] = {}
    for check in {check.id: check for milestone in plan.milestones for check in milestone.checks}.values():
        if check.assertion:
            found.setdefault(check.assertion, []).append([check.id, check.key, check.invariant, check.says])
    return found


def _told(change: Change, name: _Spelling) -> str:
    about = f": {', '.join(change.about)}" if change.how == "changed" and change.about else ""
    where = f" {change.about[0]}" if change.how in ("added", "moved") and change.about else ""
    return f"{change.part} {name(change.name)} {change.how}{where}{about}"
