"""The agents that speak with the providers themselves do what the engine expects; the kit finds out who does not."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from agents.rehearsal.kit import rehearse
from agents.rehearsal.verdicts import Result
from blueprints.agents import Agent

CASES = [
    *("edit", "commit", "handoff", "transcript", "key"),
    *("failure", "limit", "hang", "kill", "resume", "refused key", "rate limit"),
]
PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)


def rehearsed(place: Path, **profile: Any) -> list[Result]:
    return list(rehearse(PROFILES.validate_python(profile), place, place=place))


@pytest.mark.parametrize(
    "profile",
    [{"kind": "anthropic"}, {"kind": "openai"}, {"kind": "openai", "api": "chat"}],
    ids=["anthropic", "openai responses", "openai chat"],
)
def test_an_agent_does_what_the_engine_expects(tmp_path: Path, profile: dict[str, str]) -> None:
    results = rehearsed(tmp_path, model="scripted-1", **profile)
    assert [result.case for result in results] == CASES
    assert [result for result in results if not result.ok] == []


def test_a_program_that_never_asks_the_model_is_right_in_nothing(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho 1.2.3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    place = tmp_path / "place"
    place.mkdir()
    results = rehearsed(place, kind="codex", program=str(program))
    assert [result.case for result in results if result.ok] == []
    assert results[0].seen == "the model was never asked: it ended by itself"


def test_an_agent_without_a_model_cannot_be_rehearsed(tmp_path: Path) -> None:
    [result] = rehearsed(tmp_path, kind="command", argv=["agent"])
    assert (result.ok, result.seen) == (
        False,
        "it is of kind command: it has no model, so that there is nothing to rehearse",
    )
