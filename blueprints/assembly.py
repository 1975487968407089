"""A blueprint put together from what a person gives and what an agent plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from blueprints.errors import BlueprintError, Problem
from blueprints.load import Loaded, load_text
from blueprints.outline import fields
from blueprints.schema import Blueprint
from blueprints.source import Node, Source
from blueprints.text import Data, quote, spell
from blueprints.text import Path as Where
from blueprints.yaml_page import yaml_page

PLANNED = ("mission", "setup", "contract", "services", "tests", "validators", "milestones")
"""Keys that are an orchestrator's to write, where a person has not given them."""
_ANEW = ("goal", "contract", "milestones")
"""What is left out of a whole blueprint that a person gives: it is planned anew."""

UNNAMED = "plan"
"""What a mission is called that has no name yet."""
_LEAST: dict[str, Data] = {
    "mission": UNNAMED,
    "validators": [{"kind": "command", "run": "git diff --check"}],
    "milestones": [{"name": "one", "features": [{"id": "one", "spec": "-", "fulfills": [], "because": "-"}]}],
}


def given(source: Source) -> Source:
    """What a person gives, for a mission that is yet to be planned."""
    inside = {key: node for key, node in _mapping(source).items() if key not in _ANEW}
    return replace(source, root=_root(inside))


def assembled(known: Source, goal: str, planned: Source) -> Source:
    """The whole blueprint, its keys in the order of the schema; its problems and lines are those of the plan."""
    own = _mapping(planned)
    inside = {"goal": Node(goal, 0), **own, **known.root.inside}
    order: dict[str | int, Node] = {key: inside[key] for key in fields(Blueprint) if key in inside}
    return Source(planned.name, _root(order | inside), (*planned.problems, *_trespasses(known, planned)))


def loaded(blueprint: Source, name: str, folder: Path, comments: Sequence[str] = ()) -> Loaded:
    """It as a file called `name` in `folder` would be. Raises BlueprintError, with the lines of its parts."""
    value = blueprint.root.value
    assert isinstance(value, dict)
    try:
        whole, problems = load_text(yaml_page(value, comments), name, folder), list(blueprint.problems)
    except BlueprintError as error:
        whole, lines = None, dict(_lines(blueprint.root, ()))
        problems = [*blueprint.problems, *(_placed(problem, blueprint.name, lines) for problem in error.problems)]
    if whole is None or problems:
        raise BlueprintError(problems)
    return whole


def _lines(node: Node, path: Where) -> Iterator[tuple[str, int]]:
    yield spell(path), node.line
    for step, inner in node.inside.items():
        yield from _lines(inner, (*path, step))


def _placed(problem: Problem, name: str, lines: Mapping[str, int]) -> Problem:
    """At the line of what it is about, or of the innermost part around where that would be."""
    around = max((place for place in lines if problem.path.startswith(place)), key=len)
    return replace(problem, file=name, line=lines[around])


def smallest(known: Source, goal: str) -> Source:
    """The least of a whole blueprint around what a person gives, to find the person's mistakes."""
    nodes: dict[str | int, Node] = {
        key: Node(value, 0) for key, value in _LEAST.items() if key not in known.root.inside
    }
    return assembled(known, goal, Source(known.name, _root(nodes), known.problems))


def _trespasses(known: Source, planned: Source) -> Iterator[Problem]:
    """Keys that are not the orchestrator's; those that do not exist are a mistake to the schema."""
    for key in planned.root.inside:
        if key in known.root.inside:
            yield planned.problem((key,), f"{quote(key)} is given already; leave it out")
        elif key in fields(Blueprint) and key not in PLANNED:
            yield planned.problem((key,), f"{quote(key)} is not yours to plan; leave it out")


def _mapping(source: Source) -> dict[str | int, Node]:
    if isinstance(source.root.value, dict):
        return dict(source.root.inside)
    raise BlueprintError([source.problem((), "is not a mapping of keys to values; write keys such as 'agents:'")])


def _root(inside: dict[str | int, Node]) -> Node:
    value: dict[str, Data] = {str(key): node.value for key, node in inside.items()}
    return Node(value, 1, inside)
