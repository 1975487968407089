"""Which model describes a place in a blueprint."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, TypeGuard, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from blueprints.fields import Model
from blueprints.schema import Blueprint
from blueprints.text import Path


def locate(location: tuple[str | int, ...]) -> tuple[Path, type[Model] | None]:
    """The path as the user wrote it, and the model of the value there, if it has one.

    `location` is pydantic's: it has the tags of unions in it, and `[key]` after a mapping's key.
    """
    path, kind = _walk(location)
    return path, kind if _is_model(kind) else None


def kinds(location: tuple[str | int, ...]) -> list[str]:
    """The values that `kind` may have there."""
    _, kind = _walk(location)
    return [str(tag) for tag in _tagged(kind)]


def _walk(location: tuple[str | int, ...]) -> tuple[Path, object]:
    kind: object = Blueprint
    path: Path = ()
    for part in location:
        if tagged := _tagged(kind).get(part):
            kind = tagged
        elif part != "[key]":
            kind = _inside(kind, part)
            path = (*path, part)
    return path, kind


def fields(model: type[Model]) -> dict[str, FieldInfo]:
    """The fields of a model by their keys in YAML."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_model(kind: object) -> TypeGuard[type[Model]]:
    return isinstance(kind, type) and issubclass(kind, Model)


def _tagged(kind: object) -> dict[str | int, type[Model]]:
    """The members of a union by their `kind`."""
    models = [member for member in _members(kind) if _is_model(member)]
    if len(models) < 2:
        return {}
    return {tag: model for model in models for tag in get_args(model.model_fields["kind"].annotation)}


def _members(kind: object) -> list[object]:
    """The members of a union, None aside; a list of just the type where it is none."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [member for member in get_args(kind) if member is not NoneType]
    return [kind]


def _inside(kind: object, part: str | int) -> object:
    kind = _members(kind)[0]
    if _is_model(kind):
        field = fields(kind).get(str(part))
        return field.annotation if field else None
    return get_args(kind)[-1] if get_origin(kind) in (list, dict) else None
