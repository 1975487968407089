from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from blueprints.checks import CommandCheck
from blueprints.load import load_text
from blueprints.plan import Plan


def check(timeout: object) -> CommandCheck:
    return CommandCheck.model_validate({"kind": "command", "run": "pytest", "timeout": timeout})


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("60m", 3600),
        ("8h", 28800),
        ("365d", 31536000),
        ("1.5h", 5400),
        ("1ms", 0.001),
        (7, 7),
        (0.5, 0.5),
    ],
)
def test_a_duration_is_seconds_and_survives_being_written(written: object, seconds: float) -> None:
    read = check(written)
    assert read.timeout == seconds
    assert CommandCheck.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize(
    "written", ["", "5", "5x", "-5s", " 5s", "5 s", "٣s", "0s", "366d", 0, -1, 1e300, True, None, [5]]
)
def test_anything_else_is_no_duration(written: object) -> None:
    with pytest.raises(ValidationError):
        check(written)


def test_a_plan_survives_being_written(full: str, every: str, tmp_path: Path) -> None:
    for text in (full, every):
        plan = load_text(text, "mission.yaml", tmp_path).plan
        assert Plan.model_validate_json(plan.model_dump_json()) == plan
