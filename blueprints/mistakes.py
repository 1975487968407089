"""The schema's errors as mistakes of the user: a value that may be written in several ways has one way it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_origin

from pydantic_core import ErrorDetails

from blueprints.outline import Choice, fits, locate
from blueprints.source import Source
from blueprints.text import Path
from blueprints.wording import explain, not_expected

_WAYS: dict[object, str] = {str: "text", int: "a whole number", list: "a list"}


def mistakes(errors: Iterable[ErrorDetails], source: Source) -> Iterator[tuple[Path, str]]:
    """Where the user looks for each mistake that the schema found, and the sentence about it.

    Of a text or a mapping, pydantic tells what is wrong with the value as a text and as a mapping. What counts is
    how it is written.
    """
    told: set[Path] = set()
    for error in errors:
        choice = locate(error["loc"]).choice
        if choice is None or fits(choice.tried, source.node(choice.path).value):
            yield explain(error)
        elif choice.path not in told and _is_no_way(choice, source):
            told.add(choice.path)
            yield choice.path, not_expected(source.node(choice.path).value, _either(choice))


def _is_no_way(choice: Choice, source: Source) -> bool:
    return not any(fits(way, source.node(choice.path).value) for way in choice.ways)


def _either(choice: Choice) -> str:
    ways = (get_origin(way) or way for way in reversed(choice.ways))
    return " or ".join(_WAYS.get(way, "a mapping of keys to values") for way in ways)
