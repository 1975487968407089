"""What the schema finds wrong, in our own words: what it is, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from blueprints.errors import suggest
from blueprints.fields import (
    ANSWER_PATTERN,
    ASSERTION_PATTERN,
    LINE_PATTERN,
    NAME_PATTERN,
    ROUTE_PATTERN,
    SLUG_PATTERN,
    VARIABLE_PATTERN,
)
from blueprints.outline import fields, kinds, locate
from blueprints.text import Path, quote

_ALLOWED = {
    SLUG_PATTERN: "use small letters, digits and single hyphens between them, such as import-export",
    NAME_PATTERN: "use letters and digits, with single hyphens or underscores between them",
    ASSERTION_PATTERN: "write VAL-AREA-NNN, such as VAL-EXPORT-001",
    VARIABLE_PATTERN: "write the name of an environment variable, such as API_TOKEN",
    LINE_PATTERN: "write it on one line, without control characters",
    ROUTE_PATTERN: "write a path that begins with a slash, such as /notes?page=2, on one line",
    ANSWER_PATTERN: "write method, address and status, such as POST /api/notes -> 201",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "date_type": "a date, such as 2030-12-31",
    "date_parsing": "a date, such as 2030-12-31",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_EMPTY_LISTS = {
    "milestones": "mission has no milestones; add one with a name and features",
    "features": "milestone has no features; add one, or remove the milestone",
    "argv": "no program is named; write the program and its arguments, such as [my-agent, --quiet]",
}


def explain(error: ErrorDetails) -> tuple[Path, str]:
    """Where the user looks for an error of the schema, and the sentence about it."""
    path = locate(error["loc"]).path
    kind = error["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        path = (*path, "kind")
    if kind in _EXPECTED:
        return path, _wrong_type(error, path)
    return path, _SENTENCES[kind](error, path) if kind in _SENTENCES else f"{error['msg']}; correct it"


def _wrong_type(error: ErrorDetails, path: Path) -> str:
    expected = _EXPECTED[error["type"]]
    value = error["input"]
    if not path:
        return f"is not a mapping but {_found(value)}; write keys such as 'mission: todo' and 'goal: ...'"
    return not_expected(value, expected)


def not_expected(value: object, expected: str) -> str:
    """The sentence about a value that is something else than `expected`, which says it in words."""
    if value is None:
        return f"has no value; write {expected}, or remove it"
    if expected == "text" and isinstance(value, bool | int | float):
        return f"is {_found(value)}; put it in quotes to make it text"
    return f"is {_found(value)}; write {expected}"


def _found(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quote(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _unknown_key(error: ErrorDetails, path: Path) -> str:
    key = str(path[-1])
    model = locate(error["loc"][:-1]).model
    known = fields(model) if model else {}
    camel = to_camel(key[:100].replace("-", "_"))
    advice = f"did you mean '{camel}'?" if camel in known else suggest(key, known)
    return f"unknown key {quote(key)}; {advice}"


def _missing(error: ErrorDetails, path: Path) -> str:
    model = locate(error["loc"][:-1]).model
    description = fields(model)[str(path[-1])].description if model else None
    hint = (description or "").split(". ")[0].rstrip(".")
    return f"is missing; add '{path[-1]}:'" + (f" ({hint})" if hint else "")


def _kind_missing(error: ErrorDetails, _path: Path) -> str:
    return f"is missing; add 'kind:', one of: {', '.join(kinds(error['loc']))}"


def _unknown_choice(error: ErrorDetails, path: Path) -> str:
    value = _context(error).get("tag", error["input"])
    return f"unknown {path[-1]} {quote(value)}; {suggest(str(value), _choices(error))}"


def _choices(error: ErrorDetails) -> list[str]:
    return kinds(error["loc"]) or re.findall(r"'([^']*)'", str(_context(error).get("expected")))


def _not_allowed(error: ErrorDetails, _path: Path) -> str:
    pattern = _context(error)["pattern"]
    return f"{quote(error['input'])} is not allowed here; {_ALLOWED.get(pattern, f'it must match {pattern}')}"


def _no_text(_error: ErrorDetails, _path: Path) -> str:
    return "is empty; write something, or remove it"


def _too_long(error: ErrorDetails, _path: Path) -> str:
    return f"has {len(error['input'])} characters; at most {_context(error)['max_length']} are allowed"


def _empty_list(_error: ErrorDetails, path: Path) -> str:
    return _EMPTY_LISTS.get(str(path[-1]), "is empty; add at least one")


def _too_small(error: ErrorDetails, _path: Path) -> str:
    return f"{error['input']} is too small; at least {_context(error)['ge']:g} is needed"


def _too_large(error: ErrorDetails, _path: Path) -> str:
    return f"{error['input']} is too large; at most {_context(error)['le']:g} is allowed"


def _own_words(error: ErrorDetails, _path: Path) -> str:
    return str(_context(error)["error"])


def _context(error: ErrorDetails) -> dict[str, Any]:
    return error.get("ctx", {})


_SENTENCES: dict[str, Callable[[ErrorDetails, Path], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "union_tag_not_found": _kind_missing,
    "union_tag_invalid": _unknown_choice,
    "literal_error": _unknown_choice,
    "enum": _unknown_choice,
    "string_pattern_mismatch": _not_allowed,
    "string_too_short": _no_text,
    "string_too_long": _too_long,
    "too_short": _empty_list,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "value_error": _own_words,
}
