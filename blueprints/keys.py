"""The keys of a plan on a page: what an agent is told that is to write one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from blueprints.assembly import PLANNED
from blueprints.checks import (
    BrowserStep,
    Check,
    CheckBase,
    Filling,
    HttpExpectation,
    PageExpectation,
    Pressing,
    Service,
    Target,
)
from blueprints.fields import Model
from blueprints.outline import fields
from blueprints.schema import Assertion, Blueprint, Feature, FeatureTests, Milestone

_PARTS: dict[str, type[Model]] = {
    "An assertion": Assertion,
    "A milestone": Milestone,
    "A feature": Feature,
    "tests": FeatureTests,
    "A service": Service,
}
_PARTS_OF_CHECKS: dict[str, type[Model]] = {
    "What an http check expects": HttpExpectation,
    "A step of a browser check": BrowserStep,
    "A step's `fill` and `select`": Filling,
    "A step's `press`": Pressing,
    "A step's `expect`": PageExpectation,
    "An element of a page": Target,
}


@cache
def keys_page() -> str:
    """Every key that a plan may have, from the schema: what it means, `*` if it must be there, `[]` for a list."""
    top = {key: field for key, field in fields(Blueprint).items() if key in PLANNED}
    kinds: tuple[type[Model], ...] = get_args(get_args(Check)[0])
    return "\n\n".join(
        [
            _section("The whole", top),
            *_sections(_PARTS),
            _section("A check of any kind", fields(CheckBase)),
            "\n".join(["A check by its `kind`:", *_kinds(kinds)]),
            *_sections(_PARTS_OF_CHECKS),
        ]
    )


def _sections(parts: Mapping[str, type[Model]]) -> Iterator[str]:
    return (_section(name, fields(model)) for name, model in parts.items())


def _section(name: str, keys: Mapping[str, FieldInfo]) -> str:
    return "\n".join([f"{name}:", *(f"- {_key(key, field)}: {_means(field)}" for key, field in keys.items())])


def _kinds(models: Iterable[type[Model]]) -> Iterator[str]:
    """A line each, and one for each key that not every check has; what several have is explained once."""
    told: set[str] = set()
    for model in models:
        own = {key: field for key, field in fields(model).items() if key not in fields(CheckBase)}
        yield f"- {own.pop('kind').description}"
        new = {key: field for key, field in own.items() if _means(field) not in told}
        yield from (f"  - {_key(key, field)}: {_means(field)}" for key, field in new.items())
        if known := [_key(key, field) for key, field in own.items() if key not in new]:
            yield f"  - {', '.join(known)}: as above."
        told |= set(map(_means, new.values()))


def _key(key: str, field: FieldInfo) -> str:
    is_list = get_origin(field.annotation) is list
    return f"`{key}`{'[]' if is_list else ''}{'*' if field.is_required() else ''}"


def _means(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())
