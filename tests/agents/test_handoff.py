from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agents.handoff import LIMIT, Handoff, read_handoff

FULL: dict[str, Any] = {
    "salientSummary": "Wrote the CSV writer.",
    "whatWasImplemented": "A writer.",
    "whatWasLeftUndone": "",
    "verification": {"commandsRun": [{"command": "pytest -q", "exitCode": 0, "observation": "3 passed"}]},
    "tests": {"added": ["tests/test_csv.py", {"path": "x"}]},
    "discoveredIssues": [{"severity": "non_blocking", "description": "Odd.", "suggestedFix": "Mend it."}],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "handoff.json"


def reading(path: Path, content: object, **secrets: str) -> Handoff | None:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_handoff(path, secrets)


def refused(path: Path, content: object) -> str:
    with pytest.raises(ValueError, match="handoff") as error:
        reading(path, content)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_none_was_written(path: Path) -> None:
    assert read_handoff(path, {}) is None


def test_what_the_agent_said_is_read(path: Path) -> None:
    handoff = reading(path, FULL)
    assert handoff
    assert handoff.model_dump(mode="json") == FULL


def test_a_summary_is_enough(path: Path) -> None:
    handoff = reading(path, {"salientSummary": "Done."})
    assert handoff
    assert (handoff.what_was_implemented, handoff.discovered_issues) == ("", [])


def test_keys_of_the_agent_s_own_are_dropped(path: Path) -> None:
    handoff = reading(path, FULL | {"mood": "good"})
    assert handoff
    assert "mood" not in handoff.model_dump()


@pytest.mark.parametrize("fact", ["successState", "commitId", "base", "attempt", "usage", "duration", "session"])
def test_the_engine_s_facts_are_not_the_agent_s_to_write(path: Path, fact: str) -> None:
    handoff = reading(path, FULL | {fact: "mine"})
    assert handoff
    assert handoff.model_dump(mode="json") == FULL


@pytest.mark.parametrize("text", ["", "{", "Done!", '{"salientSummary": "x"', "[" * 100_000, "1" * 10_000])
def test_what_is_not_json_is_refused(path: Path, text: str) -> None:
    assert refused(path, text).startswith("malformed handoff: ")


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.write_bytes(b'{"salientSummary": "\xff\xfe"}')
    with pytest.raises(ValueError, match="malformed handoff"):
        read_handoff(path, {})


@pytest.mark.parametrize("content", [[], "text", None, 3, {"summary": "Done."}, {"salientSummary": ""}])
def test_json_of_another_shape_is_refused(path: Path, content: object) -> None:
    assert refused(path, json.dumps(content)).startswith("malformed handoff: ")


def test_the_place_of_a_mistake_is_named(path: Path) -> None:
    issue = {"severity": "terrible", "description": "Odd."}
    assert "discoveredIssues.0.severity" in refused(path, FULL | {"discoveredIssues": [issue]})


def test_a_text_that_no_file_can_hold_is_refused(path: Path) -> None:
    assert "salientSummary" in refused(path, '{"salientSummary": "\\ud800"}')


def test_a_handoff_of_the_largest_size_is_read(path: Path) -> None:
    frame = len(json.dumps({"salientSummary": ""}))
    assert reading(path, {"salientSummary": "x" * (LIMIT - frame)})
    assert "at most" in refused(path, {"salientSummary": "x" * (LIMIT - frame + 1)})


def test_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    reading(tmp_path / "elsewhere", FULL)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="not a plain file"):
        read_handoff(path, {})


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_what_is_no_plain_file_is_refused(path: Path, make: Any) -> None:
    make(path)
    with pytest.raises(ValueError, match="not a plain file"):
        read_handoff(path, {})


def test_secrets_are_named_and_not_shown(path: Path) -> None:
    handoff = reading(path, FULL | {"salientSummary": 'Used s3cret"value twice: s3cret"value.'}, TOKEN='s3cret"value')
    assert handoff
    assert handoff.salient_summary == "Used [TOKEN] twice: [TOKEN]."
