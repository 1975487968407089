"""Missions whose agents are models behind the providers' APIs; a scripted model server plays the models."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.rehearsal.script import Script
from agents.rehearsal.server import ModelServer
from ledger.conversation import read_entries
from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, begin, feature, git, milestone, start, workers
from workspaces.process import environment

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "blueprints" / "examples"
PLAY = f"{sys.executable} -I {ROOT}/agents/player.py {EXAMPLES}/quickstart/script.yaml"
KEYS = {"ANTHROPIC_API_KEY": "sk-of-anthropic", "OPENAI_API_KEY": "sk-of-openai"}
DONE: Data = {"submit": {"salientSummary": "It is built and tested.", "notes": ["unittest needs no installation"]}}
FINE: Data = {"submit": {"status": "pass", "summary": "It does what it says.", "issues": []}}


def model(user: str, *steps: Data, name: str | None = None, key: str | None = None) -> Script:
    when = {"user": user, **({"model": name} if name else {}), **({"key": key} if key else {})}
    return Script.model_validate({"when": when, "steps": [{"calls": [step]} for step in steps]})


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    """What each model of the example would do; none answers with another's name or key."""
    scripts = [
        model("You review", FINE, name="gpt-6-astra", key="sk-of-openai"),
        model("feature `add-command`", {"shell": PLAY}, DONE, name="claude-sonnet-5", key="sk-of-anthropic"),
        model(
            "feature `summary`",
            {"shell": f"MISSION_ATTEMPT=2 {PLAY}; printenv ANTHROPIC_API_KEY"},
            DONE,
            name="claude-opus-5",
            key="sk-of-anthropic",
        ),
        model("feature `a`", {"shell": "echo done > a"}, DONE, key="sk-in-a-block"),
    ]
    with ModelServer(scripts) as server:
        yield server


@pytest.fixture(scope="module")
def example(new_missions: NewMissions, models: ModelServer) -> Going:
    """The example as it is, with the addresses of its providers on this machine."""
    missions = new_missions({})
    shutil.copytree(EXAMPLES / "quickstart" / "seed", missions.repo, dirs_exist_ok=True)
    git(missions.repo, "add", "-A")
    git(missions.repo, "commit", "-q", "-m", "The seed")
    missions.variables |= KEYS
    address = {"builder": models.url, "expert": models.url, "spare": f"{models.url}/v1", "critic": f"{models.url}/v1"}
    options = [word for name, url in address.items() for word in ("--set", f"agents.{name}.baseUrl={url}")]
    run = begin(missions, EXAMPLES / "models" / "mission.yaml", "--yes", *options)
    run.end()
    return run


def test_a_model_for_each_role_and_feature_works_through_its_api(example: Going) -> None:
    report = example.report()
    assert (report["status"], report["reason"]) == ("passed", "")
    assert report["totals"]["models"] == {"claude-sonnet-5": 1, "claude-opus-5": 1, "gpt-6-astra": 2}
    assert "add" in example.file("pennies/commands/add.py")


def test_the_report_says_what_the_models_did(example: Going) -> None:
    totals = example.report()["totals"]
    assert totals["turns"]["worker"] == {"runs": [2, 2], "median": 2, "p90": 2}
    assert totals["tools"] == {"bash": 2, "submit": 4}
    assert totals["tokens"]["scrutiny"]["input"] > 0
    assert totals["usd"] > 0
    assert "| scrutiny |" in example.missions("report", example.name, "--format", "md").stdout


def test_a_key_reaches_its_provider_and_no_record_and_no_tool(example: Going, models: ModelServer) -> None:
    assert {call.key for call in models.calls} >= set(KEYS.values())
    texts = [p.read_text(errors="replace") for p in example.folder.rglob("*") if p.is_file()]
    assert not [text for text in texts for key in KEYS.values() if key in text]
    said = [*read_entries(example.folder / "transcripts" / "summary.1.jsonl")]
    [told] = [line for line in said if line["type"] == "output" and "exit code" in line["text"]]
    assert told["exitCode"] == 1  # of `printenv`, which found none


def test_the_transcript_is_shown_for_people(example: Going) -> None:
    told = example.missions("logs", example.name, "summary").stdout
    assert "▸ bash MISSION_ATTEMPT=2" in told
    assert "ended: finished" in told


def test_what_a_worker_noted_is_kept_for_others(example: Going) -> None:
    assert "unittest needs no installation" in (example.folder / "library" / "notes.md").read_text()


def api_mission(new_missions: NewMissions, **agent: object) -> tuple[Missions, Data, Data]:
    player = {"kind": "anthropic", "model": "claude-sonnet-5", "retries": 0, **agent}
    return new_missions(), {"agents": {"player": player}, "milestones": [milestone("one", feature("a"))]}, workers()


def test_a_credential_may_be_a_secret_block(new_missions: NewMissions, models: ModelServer, example: Going) -> None:
    api = example.events("mission_run_started")[0]["ui"].partition("/flow-runs/")[0] + "/api"
    save = "from prefect.blocks.system import Secret; Secret(value='sk-in-a-block').save('model-key', overwrite=True)"
    subprocess.run([sys.executable, "-c", save], env=environment(PREFECT_API_URL=api), check=True)
    run = start(*api_mission(new_missions, baseUrl=models.url, credential={"block": "model-key"}), "--yes")
    assert (run.end(), run.report()["status"]) == (0, "passed")


def test_a_missing_key_is_said_before_anything_runs(new_missions: NewMissions) -> None:
    missions, blueprint, script = api_mission(new_missions)
    path = missions.blueprint(blueprint, script)
    done = missions("run", path, "--repo", missions.repo, "--yes")
    assert (done.returncode, missions.runs()) == (2, [])
    assert "agents.player: ANTHROPIC_API_KEY is not set; export it" in done.stderr
