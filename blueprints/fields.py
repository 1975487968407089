"""What every key of a blueprint is made of: names, lines, durations, and models that refuse unknown keys."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
SHORTEST, LONGEST = 0.001, 365 * 86400.0
"""Limits of a duration in seconds: system calls that wait cannot count much further."""


def parse_duration(value: object) -> object:
    """Seconds of `90s`, `60m`, `8h`, `1.5h` or a bare number of seconds; anything else raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not a duration; write it like 90s, 60m or 8h")
    if isinstance(value, int | float):
        seconds = float(value)
    elif match := _DURATION.fullmatch(value):
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        raise ValueError(f"'{value[:60]}' is not a duration; write it like 90s, 60m or 8h")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"'{str(value)[:60]}' is out of range; a duration is at least 1ms and at most 365d")
    return seconds


def spell_duration(seconds: float) -> str:
    """As a person writes it: `12h` rather than `43200s`."""
    unit, size = max((pair for pair in _UNITS.items() if seconds % pair[1] == 0), key=lambda p: p[1], default=("s", 1))
    return f"{seconds / size:g}{unit}"


def _plain_duration(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(_plain_duration, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)$",
            "minimum": SHORTEST,
            "maximum": LONGEST,
            "examples": ["90s", "60m", "8h"],
        }
    ),
]
"""Seconds; written `90s`, `60m`, `8h`."""

NAME_PATTERN = r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ASSERTION_PATTERN = r"^VAL-[A-Z0-9]+(-[A-Z0-9]+)*-[0-9]{3,}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f]*$"
ROUTE_PATTERN = r"^/[^\x00-\x1f\x7f]*$"
DIGEST_PATTERN = r"^[0-9a-f]{12,32}$"
ANSWER_PATTERN = r"^[A-Z]+ \S+ -> [0-9]{3}$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
"""A name that is safe as a folder and as part of a git ref."""

Slug = Annotated[str, Field(pattern=SLUG_PATTERN, max_length=48)]
AssertionId = Annotated[str, Field(pattern=ASSERTION_PATTERN, max_length=64)]
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN, max_length=128)]
Text = Annotated[str, Field(min_length=1, max_length=200_000)]
Line = Annotated[str, Field(pattern=LINE_PATTERN, min_length=1, max_length=4_000)]


class Model(BaseModel):
    """Frozen, camelCase from outside, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        defer_build=True,  # a third of the time that 'mission check' takes: only the blueprint as a whole is needed
    )


class Value(Model):
    """Data of the engine's own: the same, but written with Python's names where it is made."""

    model_config = ConfigDict(validate_by_name=True, defer_build=False)


class Recorded(Value):
    """A value that is also read back from an event of the ledger; what else the event holds is not read."""

    model_config = ConfigDict(extra="ignore")
