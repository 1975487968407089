"""Which model describes a place in a blueprint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from blueprints.fields import Model
from blueprints.schema import Blueprint
from blueprints.text import Path

Location = tuple[str | int, ...]
"""pydantic's own: it has the tags of unions in it, and `[key]` after a mapping's key."""


@dataclass(frozen=True)
class Choice:
    """A value that may be written in several ways, such as a text or a mapping."""

    path: Path
    ways: Sequence[object]
    tried: object
    """The way that an error is about."""


@dataclass(frozen=True)
class Place:
    """Where a location leads."""

    path: Path
    """As the user wrote it."""
    kind: object
    """The type of the value there."""
    choice: Choice | None = None
    """The innermost one on the way."""

    @property
    def model(self) -> type[Model] | None:
        members = _members(self.kind)
        return members[0] if len(members) == 1 and _is_model(members[0]) else None


def locate(location: Location) -> Place:
    place = Place((), Blueprint)
    for part in location:
        members = _members(place.kind)
        if part == "[key]":
            continue
        if tagged := _tagged(place.kind).get(part):
            place = Place(place.path, tagged, place.choice)
        elif len(members) > 1:
            way = _way(members, str(part))
            place = Place(place.path, way, Choice(place.path, members, way))
        else:
            place = Place((*place.path, part), _inside(members[0], part), place.choice)
    return place


def kinds(location: Location) -> list[str]:
    """The values that `kind` may have there."""
    return [str(tag) for tag in _tagged(locate(location).kind)]


def fields(model: type[Model]) -> dict[str, FieldInfo]:
    """The fields of a model by their keys in YAML."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def fits(kind: object, value: object) -> bool:
    """Whether a value looks like one of this type, whatever is inside it."""
    shape = dict if _is_model(kind) else get_origin(kind) or kind
    return type(value) is shape


def _is_model(kind: object) -> TypeGuard[type[Model]]:
    return isinstance(kind, type) and issubclass(kind, Model)


def _tagged(kind: object) -> Mapping[str | int, type[Model]]:
    """The members of a union by their `kind`."""
    models = [member for member in _members(kind) if _is_model(member)]
    if len(models) < 2:
        return {}
    return {tag: model for model in models for tag in get_args(model.model_fields["kind"].annotation)}


def _way(members: Sequence[object], label: str) -> object:
    """The member that pydantic calls `list[int]`, `constrained-str` or `function-after[..., Target]`."""
    names = [(re.escape(getattr(get_origin(member) or member, "__name__", "")), member) for member in members]
    begins = [member for name, member in names if re.match(rf"{name}\b", label)]
    return next(iter(begins + [member for name, member in names if re.search(rf"\b{name}\b", label)]), None)


def _members(kind: Any) -> list[object]:
    """The members of a union, None aside; a list of just the type where it is none."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [member for part in get_args(kind) if part is not NoneType for member in _members(part)]
    return [kind]


def _inside(kind: object, part: str | int) -> object:
    if _is_model(kind):
        field = fields(kind).get(str(part))
        return field.annotation if field else None
    return get_args(kind)[-1] if get_origin(kind) in (list, dict) else None
