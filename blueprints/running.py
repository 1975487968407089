"""Rules about services: which there are, which of them run where, and in what order they start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.draft import Draft, Part
from blueprints.errors import Problem, suggest
from blueprints.needs import cycles
from blueprints.text import Path, quote

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_-]+)\.(url|port)\s*\}\}")
"""Stands for a part of a running service's address."""

_FILLED = ("run", "path", "headers", "body", "steps")
"""Keys of checks in whose texts placeholders are filled in."""
_FILLED_OF_SERVICES = ("start", "stop", "health", "env")


def known_services(draft: Draft) -> Iterator[Problem]:
    named = [name for check in draft.checks for name in _named(check)]
    named += [name for service in draft.services.values() for name in service.texts("dependsOn")]
    for path, name in named:
        if not _is_service(draft, name):
            yield draft.problem(path, f"unknown service {quote(name)}; {_nearest(draft, name)}")


def no_waiting_in_circles(draft: Draft) -> Iterator[Problem]:
    graph = {name: _dependencies(draft, service) for name, service in draft.services.items()}
    for cycle in cycles(graph):
        circle = " -> ".join([*cycle, cycle[0]])
        message = f"services wait for one another: {circle}; remove one of these dependencies"
        yield draft.problem(("services", cycle[0], "dependsOn"), message)


def running_services(draft: Draft) -> Iterator[Problem]:
    """A placeholder stands for a service that runs there."""
    for check in draft.checks:
        asked = check.text("service")
        advice = f"let {quote(asked)} depend on it" if asked else "name it in 'services'"
        if places := _places(check, _FILLED):
            yield from _unfilled(draft, places, [name for _, name in _named(check)], advice)
    for name, service in draft.services.items():
        if places := _places(service, _FILLED_OF_SERVICES):
            yield from _unfilled(draft, places, [name], "name it in 'dependsOn'")


def _named(check: Part) -> list[tuple[Path, str]]:
    return [*check.all_texts("service"), *check.texts("services")]


def _is_service(draft: Draft, name: str) -> bool:
    """Also when it is so wrong that the schema refuses it."""
    return name in draft.root.part("services").data


def _nearest(draft: Draft, name: str) -> str:
    return suggest(name, draft.services) if draft.services else "describe it in the mission's 'services'"


def _dependencies(draft: Draft, service: Part) -> list[str]:
    names = dict.fromkeys(name for _, name in service.texts("dependsOn"))
    return [name for name in names if name in draft.services]


def _with_dependencies(draft: Draft, names: list[str]) -> set[str]:
    found: set[str] = set()
    while names:
        found |= set(names)
        services = [draft.services[name] for name in names if name in draft.services]
        names = list({other for service in services for other in _dependencies(draft, service)} - found)
    return found


def _places(part: Part, keys: tuple[str, ...]) -> list[tuple[Path, str, str]]:
    """The placeholders there, and the services they name; in a text once each."""
    texts = [found for key in keys for found in part.all_texts(key)]
    found = [(path, match[0], match[1]) for path, text in texts for match in PLACEHOLDER.finditer(text)]
    return list(dict.fromkeys(found))


def _unfilled(draft: Draft, places: list[tuple[Path, str, str]], named: list[str], advice: str) -> Iterator[Problem]:
    running = _with_dependencies(draft, named)
    for path, place, name in places:
        if not _is_service(draft, name):
            message = f"unknown service {quote(name)} in {quote(place)}; {_nearest(draft, name)}"
            yield draft.problem(path, message)
        elif name not in running and all(_is_service(draft, other) for other in named):
            yield draft.problem(path, f"the service of {quote(place)} does not run here; {advice}")
