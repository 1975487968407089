"""Rules about what comes after what."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.draft import Draft, Part
from blueprints.errors import Problem, suggest
from blueprints.text import quote


def unique_names(draft: Draft) -> Iterator[Problem]:
    """Names become folders and git refs, and some systems do not tell `A` from `a`."""
    yield from _unique(draft, [feature for _, feature in draft.features], "id", "feature")
    yield from _unique(draft, draft.milestones, "name", "milestone")


def _unique(draft: Draft, parts: list[Part], key: str, noun: str) -> Iterator[Problem]:
    first: dict[str, Part] = {}
    for part in parts:
        name = part.text(key)
        if name is None:
            continue
        other = first.setdefault(name.casefold(), part)
        if other is not part:
            line = draft.line((*other.path, key))
            message = f"a {noun} {quote(other.text(key))} is already in line {line}; choose another {key}"
            yield draft.problem((*part.path, key), message)


def known_needs(draft: Draft) -> Iterator[Problem]:
    """Each need is another feature, in the same milestone or an earlier one."""
    position: dict[str | None, int] = {}
    for n, feature in draft.features:
        position.setdefault(feature.text("id"), n)
    ids = [name for name in position if name]
    for n, feature in draft.features:
        for path, need in feature.texts("needs"):
            if need == feature.text("id"):
                yield draft.problem(path, f"{quote(need)} needs itself; remove it")
            elif need not in position:
                yield draft.problem(path, f"unknown feature {quote(need)}; {suggest(need, ids)}")
            elif position[need] > n:
                later = quote(draft.milestones[position[need]].text("name"))
                yield draft.problem(path, f"{quote(need)} is in the later milestone {later}; move one of the two")


def no_cycles(draft: Draft) -> Iterator[Problem]:
    """Among the features of a milestone; towards a later milestone, `known_needs` refuses any need."""
    for milestone in draft.milestones:
        features = {name: f for f in milestone.parts("features") if (name := f.text("id"))}
        graph = {name: _siblings(feature, features) for name, feature in features.items()}
        for cycle in cycles(graph):
            message = f"features wait for one another: {' -> '.join([*cycle, cycle[0]])}; remove one of these needs"
            yield draft.problem((*features[cycle[0]].path, "needs"), message)


def _siblings(feature: Part, features: dict[str, Part]) -> list[str]:
    needs = dict.fromkeys(need for _, need in feature.texts("needs"))
    return [need for need in needs if need in features and need != feature.text("id")]


def cycles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """A cycle for each need that leads back: depth first without recursion, through each node once."""
    finished: set[str] = set()
    for start in graph:
        trail = {} if start in finished else {start: iter(graph[start])}
        while trail:
            name = next(reversed(trail))
            need = next(trail[name], None)
            if need is None:
                finished.add(name)
                del trail[name]
            elif need in trail:
                yield list(trail)[list(trail).index(need) :]
            elif need not in finished:
                trail[need] = iter(graph[need])
