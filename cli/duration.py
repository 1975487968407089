"""A time as blueprints write it, as an option: `90s`, `60m`, `5h30m`."""

from __future__ import annotations

import re
from typing import Any

import click

from blueprints.fields import parse_duration

_PART = re.compile(r"\d+(?:\.\d+)?(?:ms|s|m|h|d)")


class _Time(click.ParamType[float]):
    """Seconds; several parts add up."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        parts = _PART.findall(str(value))
        try:
            return sum(float(str(parse_duration(part))) for part in (parts if "".join(parts) == value else [value]))
        except ValueError as error:
            self.fail(str(error), param, ctx)


TIME = _Time()
