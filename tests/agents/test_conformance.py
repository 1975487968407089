"""The agents that speak with the providers themselves do what the engine expects; the kit finds out who does not."""

from __future__ import annotations

import stat
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from agents.rehearsal.kit import rehearse
from agents.rehearsal.verdicts import Result
from blueprints.agents import Agent

DONE_RIGHT = ["edit", "commit", "handoff", "transcript", "key"]
"""The cases of the first scene."""
CASES = [*DONE_RIGHT, "failure", "limit", "hang", "kill", "resume", "refused key", "rate limit"]
PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)


def rehearsed(place: Path, cases: list[str] = CASES, **profile: Any) -> list[Result]:
    return list(islice(rehearse(PROFILES.validate_python(profile), place, place=place), len(cases)))


# To import a provider's library takes seconds, in each scene: `make test-agents` has all scenes for all of them.
@pytest.mark.parametrize(
    ("profile", "cases"),
    [
        ({"kind": "anthropic"}, DONE_RIGHT),
        ({"kind": "openai"}, CASES),
        ({"kind": "openai", "api": "chat"}, DONE_RIGHT),
    ],
    ids=["anthropic", "openai responses", "openai chat"],
)
def test_an_agent_does_what_the_engine_expects(tmp_path: Path, profile: dict[str, str], cases: list[str]) -> None:
    results = rehearsed(tmp_path, cases, model="scripted-1", **profile)
    assert [result.case for result in results] == cases
    assert [result for result in results if not result.ok] == []


def test_a_program_that_never_asks_the_model_is_right_in_nothing(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho 1.2.3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    place = tmp_path / "place"
    place.mkdir()
    results = rehearsed(place, kind="codex", program=str(program))
    assert [result.case for result in results if result.ok] == []
    assert results[0].seen == "the model was never asked: the agent ended without telling how"


def test_an_agent_without_a_model_cannot_be_rehearsed(tmp_path: Path) -> None:
    [result] = rehearsed(tmp_path, kind="command", argv=["agent"])
    assert (result.ok, result.seen) == (
        False,
        "it is of kind command: it has no model, so that there is nothing to rehearse",
    )
