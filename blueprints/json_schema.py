"""The blueprint's JSON Schema: what editors complete and explain keys with."""

from __future__ import annotations

import json

from blueprints.schema import Blueprint
from blueprints.text import Data

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Data]:
    """Draft 2020-12. It knows names, types and limits; what a name leads to, only `mission check` knows."""
    schema: dict[str, Data] = Blueprint.model_json_schema()
    return {"$schema": _DIALECT, "$id": "mission.schema.json", **_tidy(schema), "title": "Mission blueprint"}


def text() -> str:
    """The exact content of `blueprints/mission.schema.json`; `mission schema` prints it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(schema: dict[str, Data]) -> dict[str, Data]:
    """Without the titles that only repeat a key, and with keys refused that match no pattern."""
    tidy = {key: _tidied(value) for key, value in schema.items()}
    if isinstance(schema.get("title"), str):
        del tidy["title"]
    return {**tidy, "additionalProperties": False} if "patternProperties" in tidy else tidy


def _tidied(value: Data) -> Data:
    match value:
        case dict():
            return _tidy(value)
        case list():
            return [_tidied(item) for item in value]
        case _:
            return value
