"""The coding agents' own programs, and the loop of the engine's own, do what the engine expects of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.programs.conftest import PROGRAMS
from tests.agents.test_conformance import CASES, rehearsed

PROFILES: dict[str, dict[str, str]] = {
    **{kind: {"kind": kind, "program": program} for kind, program in PROGRAMS.items()},
    "anthropic": {"kind": "anthropic", "model": "scripted-1"},
    "openai chat": {"kind": "openai", "api": "chat", "model": "scripted-1"},
}


@pytest.mark.parametrize("name", PROFILES)
def test_an_agent_does_what_the_engine_expects(tmp_path: Path, name: str) -> None:
    results = rehearsed(tmp_path, CASES, **PROFILES[name])
    assert [result.case for result in results] == CASES
    assert [result for result in results if not result.ok] == []
