"""Reading JSON that somebody else's program wrote: what is not there, or of another form, is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

_TOKENS = {
    "input": "input_tokens",
    "cacheRead": "cache_read_input_tokens",
    "cacheWrite": "cache_creation_input_tokens",
    "output": "output_tokens",
}


def inside(fields: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at the end of the path."""
    for name in path:
        found: object = fields.get(name)
        fields = cast(Mapping[str, Any], found) if isinstance(found, Mapping) else {}
    return fields


def objects(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in a list, or those that an object holds."""
    found: object = fields.get(name)
    if isinstance(found, Mapping):
        found = list(cast(Mapping[str, object], found).values())
    listed = cast(list[object], found) if isinstance(found, list) else []
    return [cast(Mapping[str, Any], item) for item in listed if isinstance(item, Mapping)]


def text_of(fields: Mapping[str, Any], name: str) -> str:
    found: object = fields.get(name)
    return found if isinstance(found, str) else ""


def number(fields: Mapping[str, Any], name: str) -> float:
    found: object = fields.get(name)
    return found if isinstance(found, int | float) else 0


def tokens(usage: Mapping[str, Any]) -> dict[str, float]:
    """By kind, of a usage in Anthropic's words."""
    return {ours: number(usage, theirs) for ours, theirs in _TOKENS.items()}
