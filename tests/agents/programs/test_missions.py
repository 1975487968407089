"""Whole missions whose features are built by the coding agents' own programs; a scripted server plays their models."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.rehearsal.script import Script
from agents.rehearsal.server import ModelServer
from ledger.conversation import read_entries
from tests.agents.programs.conftest import PROGRAMS
from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, begin, git

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "blueprints" / "examples"
PLAY = f"{sys.executable} -I {ROOT}/agents/player.py {EXAMPLES}/quickstart/script.yaml"
KEY = "sk-of-nobody"
MODELS = {"claude-code": "claude-sonnet-5", "codex": "gpt-5.6-sol"}


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    """Each feature is built by a player that the model starts in the program's shell."""
    with ModelServer([_builds("add-command", 1), _builds("summary", 2)]) as server:
        yield server


def _builds(feature: str, attempt: int) -> Script:
    """Codex comes back to the model while a command goes on, after 10 seconds, so that it is waited for."""
    over = '"$(dirname "$MISSION_HANDOFF")/over"'
    play = {"calls": [{"shell": f"MISSION_ATTEMPT={attempt} {PLAY} && touch {over}"}]}
    wait = {"calls": [{"shell": f"for _ in $(seq 90); do test -e {over} && break; sleep 0.1; done"}]}
    steps: list[Data] = [play, wait, wait, wait, {"text": "It is built."}]
    return Script.model_validate({"when": {"user": f"feature `{feature}`"}, "steps": steps})


@pytest.fixture(scope="module", params=[kind for kind in PROGRAMS if kind in MODELS])
def mission(request: pytest.FixtureRequest, new_missions: NewMissions, models: ModelServer) -> Going:
    """The example as it is, for any of the kinds."""
    kind: str = request.param
    missions = new_missions({})
    shutil.copytree(EXAMPLES / "quickstart" / "seed", missions.repo, dirs_exist_ok=True)
    git(missions.repo, "add", "-A")
    git(missions.repo, "commit", "-q", "-m", "The seed")
    missions.variables |= {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY}
    address = f"{models.url}/v1" if kind == "codex" else models.url
    settings = {"kind": kind, "program": PROGRAMS[kind], "model": MODELS[kind], "baseUrl": address}
    words = [word for name, value in settings.items() for word in ("--set", f"agents.builder.{name}={value}")]
    run = begin(missions, EXAMPLES / "claude-code" / "mission.yaml", "--yes", *words)
    run.end()
    return run


def test_the_mission_passes(mission: Going) -> None:
    report = mission.report()
    assert (report["status"], report["reason"]) == ("passed", "")
    assert "add" in mission.file("pennies/commands/add.py")
    assert mission.leftovers() == []


def test_its_agents_tell_what_they_did_and_used(mission: Going) -> None:
    totals = mission.report()["totals"]
    assert [*totals["models"].items()] in [[(model, 2)] for model in MODELS.values()]
    assert totals["turns"]["worker"]["runs"] == [5, 5]
    assert totals["tokens"]["worker"]["output"] > 0
    ends = [line for file in _transcripts(mission) for line in read_entries(file) if line["type"] == "end"]
    assert [end["reason"] for end in ends] == ["finished", "finished"]


def test_its_key_reached_the_server_and_no_record(mission: Going, models: ModelServer) -> None:
    assert {call.key for call in models.calls} == {KEY}
    files = [path for path in mission.folder.rglob("*") if path.is_file()]
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []


def _transcripts(mission: Going) -> list[Path]:
    return [mission.folder / "transcripts" / f"{name}.1.jsonl" for name in ("add-command", "summary")]
