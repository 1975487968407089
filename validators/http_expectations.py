"""What of an answer is not as expected, a line for each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

from jsonpath import JSONPathEnvironment, JSONPathError
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.validators import validator_for
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from blueprints.checks import HttpExpectation

_SEARCHED = 1_000_000
"""Characters that regular expressions are tried on: some take for ever on long texts."""
_SHOWN = 300
_NOT_A_PATTERN = (re.error, OverflowError, RecursionError)
_PATHS = JSONPathEnvironment(strict=True)
"""JSONPath as in RFC 9535, without extensions."""


@dataclass(frozen=True)
class Answer:
    """A response, as far as expectations are about it."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    text: str
    complete: bool = True
    """False when there was more body than is kept."""


@dataclass
class Comparison:
    """What an answer lacks, and what could not be found out."""

    unmet: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])


def problem(expected: HttpExpectation) -> str | None:
    """Why the expectation cannot be compared with anything, or None."""
    patterns = [*expected.headers.values(), *([expected.text] if expected.text else [])]
    found = (*map(_pattern_problem, patterns), *map(_path_problem, expected.json_), _schema_problem(expected))
    return next((line for line in found if line), None)


def compare(answer: Answer, expected: HttpExpectation) -> Comparison:
    """Everything that is expected, not only up to the first difference."""
    comparison = Comparison()
    _compare_status(answer, expected, comparison)
    _compare_headers(answer, expected, comparison)
    if expected.json_ or expected.json_schema is not None:
        try:
            _compare_json(answer, expected, comparison)
        except RecursionError:
            comparison.unknown.append("the body is nested too deeply to be read as JSON")
    if expected.text is not None:
        _compare_text(answer, expected.text, comparison)
    return comparison


def same(seen: JsonValue, wanted: JsonValue) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return seen is wanted
    if isinstance(seen, dict) and isinstance(wanted, dict):
        return seen.keys() == wanted.keys() and all(same(value, wanted[key]) for key, value in seen.items())
    if isinstance(seen, list) and isinstance(wanted, list):
        return len(seen) == len(wanted) and all(map(same, seen, wanted))
    return seen == wanted


def _compare_status(answer: Answer, expected: HttpExpectation, comparison: Comparison) -> None:
    wanted = expected.status if isinstance(expected.status, list) else [expected.status]
    if answer.status not in wanted:
        comparison.unmet.append(f"status is {answer.status}, not {' or '.join(map(str, wanted))}")


def _compare_headers(answer: Answer, expected: HttpExpectation, comparison: Comparison) -> None:
    for name, pattern in expected.headers.items():
        value = answer.headers.get(name.lower())
        if value is None:
            comparison.unmet.append(f"header {name} is missing")
        elif not re.search(pattern, value):
            comparison.unmet.append(f"header {name} is {_shown(value)}, which has no match for /{pattern}/")


def _compare_text(answer: Answer, pattern: str, comparison: Comparison) -> None:
    if re.search(pattern, answer.text[:_SEARCHED]):
        return
    if answer.complete and len(answer.text) <= _SEARCHED:
        comparison.unmet.append(f"the body has no match for /{_cut(pattern)}/")
    else:
        comparison.unknown.append(f"the body has no match for /{_cut(pattern)}/ in the part that is searched")


def _compare_json(answer: Answer, expected: HttpExpectation, comparison: Comparison) -> None:
    if not answer.complete:
        comparison.unknown.append("the body is too long to be read as JSON")
        return
    try:
        value: JsonValue = json.loads(answer.body, parse_constant=_refuse)
    except ValueError:
        comparison.unmet.append(f"the body is not JSON: {_shown(answer.text)}")
        return
    for path, wanted in expected.json_.items():
        _compare_value(value, path, wanted, comparison)
    if expected.json_schema is not None:
        _compare_schema(value, expected.json_schema, comparison)


def _compare_value(value: JsonValue, path: str, wanted: JsonValue, comparison: Comparison) -> None:
    try:
        # The library would take a text for a document.
        document = json.dumps(value) if isinstance(value, str) else value
        found = cast("list[JsonValue]", _PATHS.findall(path, cast("Any", document)))
    except JSONPathError as error:
        comparison.unknown.append(f"{path} could not be looked up: {_said(error)}")
        return
    if not found:
        comparison.unmet.append(f"{path} is missing")
    elif not all(same(one, wanted) for one in found) and not same(found, wanted):
        seen = found[0] if len(found) == 1 else found
        comparison.unmet.append(f"{path} is {_shown(seen)}, not {_shown(wanted)}")


def _compare_schema(value: JsonValue, schema: dict[str, object], comparison: Comparison) -> None:
    # An empty registry: nothing that the schema refers to is fetched from the network.
    validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
    try:
        error = next(validator.iter_errors(value), None)
    except (Unresolvable, *_NOT_A_PATTERN) as reason:
        comparison.unknown.append(f"the schema cannot be applied: {_said(reason)}")
        return
    if error:
        comparison.unmet.append(f"body does not satisfy the schema at {error.json_path}: {_cut(error.message)}")


def _pattern_problem(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except _NOT_A_PATTERN as error:
        return f"/{_cut(pattern)}/ is not a regular expression: {error}"
    return None


def _path_problem(path: str) -> str | None:
    try:
        _PATHS.compile(path)
    except (JSONPathError, RecursionError) as error:
        return f"{_cut(path)} is not a JSONPath: {_said(error)}"
    return None


def _schema_problem(expected: HttpExpectation) -> str | None:
    if expected.json_schema is None:
        return None
    try:
        validator_for(expected.json_schema, default=Draft202012Validator).check_schema(expected.json_schema)
    except SchemaError as error:
        return f"the JSON Schema is not valid at {error.json_path}: {_cut(error.message)}"
    except RecursionError:
        return "the JSON Schema is nested too deeply"
    return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _shown(value: object) -> str:
    return _cut(repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    legible = text[: _SHOWN + 1].encode(errors="backslashreplace").decode()
    return legible if len(text) <= _SHOWN else f"{legible[:_SHOWN]}…"


def _said(error: BaseException) -> str:
    """An error's own words; the text of a JSONPathError draws the path as well, and sometimes breaks over it."""
    return _cut(str(error.args[0]) if error.args else type(error).__name__)
