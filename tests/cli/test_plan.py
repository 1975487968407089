"""`mission plan`, from a goal to a blueprint that can be run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.events import Kind
from tests.accepted import NewMission, one_milestone
from tests.conftest import Data, Missions

BLUEPRINT = """\
contract:
  VAL-A-001: {says: There is a file., check: {kind: command, run: test -f new.txt}}
milestones:
  - {name: first, features: [{id: writer, spec: Write it., fulfills: [VAL-A-001]}]}
"""
SCRIPT: Data = {"orchestrator": {"demo": [[{"answer": {"summary": "Planned.", "blueprint": BLUEPRINT}}]]}}


@pytest.fixture
def agents(missions: Missions) -> Path:
    """A blueprint that was there before: its agents are what counts."""
    return missions.blueprint(one_milestone(), SCRIPT)


def test_a_plan_is_written_that_check_finds_nothing_wrong_with(missions: Missions, agents: Path) -> None:
    output = missions.folder / "planned.yaml"
    words = ("plan", "A file is there.", "--agents", agents, "--repo", missions.repo, "--output", output)
    done = missions(*words)
    assert (done.returncode, done.stdout.startswith("demo (plan ")) == (0, True), done.stderr
    assert f"mission run {output} --repo {missions.repo}" in done.stdout
    assert missions("check", output).stdout == f"{output}: 1 milestones, 1 features, no problems\n"
    assert [path.name[:5] for path in (missions.home / "plans").iterdir()] == ["demo-"]


def test_no_plan_is_a_sentence_its_mistakes_and_where_it_is(missions: Missions, agents: Path) -> None:
    missions.blueprint(
        one_milestone(), {"orchestrator": {"demo": [[{"answer": {"summary": "x", "blueprint": "x: 1"}}]]}}
    )
    output = missions.folder / "planned.yaml"
    done = missions("plan", "A file is there.", "--agents", agents, "--repo", missions.repo, "--output", output)
    assert (done.returncode, done.stdout, output.exists()) == (1, "", False)
    assert "nothing is written: the blueprint has 2 mistakes; its last blueprint is /" in done.stderr
    assert "blueprint.1.yaml:1: x: unknown key 'x'" in done.stderr


def test_a_file_that_is_there_is_not_replaced(missions: Missions, agents: Path) -> None:
    before = agents.read_text()
    done = missions("plan", "A file is there.", "--agents", agents, "--repo", missions.repo, "--output", agents)
    assert (done.returncode, agents.read_text()) == (2, before)
    assert "is there already; give --force" in done.stderr


def test_a_plan_is_revised_as_its_note_says(missions: Missions, new_mission: NewMission) -> None:
    answer = {"answer": {"summary": "Split.", "blueprint": BLUEPRINT.replace("writer", "scribe")}}
    run = new_mission(script={"orchestrator": {"demo": [[answer]]}})
    refused = missions("plan", "--revise", run.run)
    assert refused.stderr == f"nobody asked for another plan of {run.run}; see `mission revise --help`\n"
    run.ledger.append(Kind.PLAN_REJECTED, plan=run.plan.digest, decision="revise", by="Ada", note="Let a scribe do it.")
    done, output = missions("plan", "--revise", run.run), missions.folder / "demo-revised.yaml"
    assert (done.returncode, f"mission run {output} --repo {missions.repo}" in done.stdout) == (0, True), done.stderr
    assert "scribe" in output.read_text()
    [prompt] = missions.home.glob("plans/*/prompt.1.md")
    told = prompt.read_text()
    assert "Ada asks for another. What is to change: Let a scribe do it." in told
    assert "Keep what that leaves as it is. What was proposed:\n\n```yaml\nmission: demo\n" in told
