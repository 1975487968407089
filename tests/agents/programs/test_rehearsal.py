"""The coding agents' own programs do what the engine expects of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from agents.rehearsal.kit import rehearse
from blueprints.agents import Agent
from tests.agents.programs.conftest import PROGRAMS
from tests.agents.test_conformance import CASES

PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_does_what_the_engine_expects(tmp_path: Path, kind: str) -> None:
    profile = PROFILES.validate_python({"kind": kind, "program": PROGRAMS[kind]})
    results = list(rehearse(profile, tmp_path, place=tmp_path))
    assert [result.case for result in results] == CASES
    assert [result for result in results if not result.ok] == []
