"""`check`, `show`, `schema`, and what every command says about a wrong blueprint or a wrong word."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from blueprints import json_schema
from tests.accepted import one_milestone
from tests.conftest import Missions

BAD = """\
mission: demo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
roles: {worker: bilder}
validators: [{kind: command, run: make test}]
milestones:
  - name: one
    features:
      - {id: a, spec: Do a., needs: [b], fulfills: [], because: It is a test.}
      - {id: a, spec: Do a again., need: [a], fulfills: [], because: It is a test.}
"""


def written(missions: Missions, content: bytes | str) -> Path:
    path = missions.folder / "mission.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("command", ["check", "show", "run"])
def test_every_mistake_is_a_sentence_with_its_place(missions: Missions, command: str) -> None:
    path = written(missions, BAD)
    done = missions(command, path)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith(f"{path}:") for line in lines)
    assert "roles.worker: unknown agent 'bilder'; did you mean 'builder'?" in done.stderr
    assert missions.runs() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"a: [",
        b"- 1\n",
        b"x" * 11_000_000,
        b"a: &a [*a]\n",
        b"\t- x\n",
        b"mission: x\n---\ny: 1\n",
    ],
    ids=["empty", "no text", "no yaml", "a list", "junk", "alias", "tab", "two documents"],
)
def test_a_file_that_is_no_blueprint_is_refused_without_a_traceback(missions: Missions, content: bytes) -> None:
    done = missions("check", written(missions, content))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.parametrize("command", ["check", "show", "run"])
def test_a_missing_file_is_said(missions: Missions, command: str) -> None:
    done = missions(command, missions.folder / "none.yaml")
    assert done.returncode == 2
    assert "there is no such file" in done.stderr


def test_a_good_blueprint_is_counted(missions: Missions) -> None:
    path = missions.blueprint(one_milestone())
    done = missions("check", path)
    assert (done.returncode, done.stdout) == (0, f"{path}: 1 milestones, 1 features, no problems\n")


def test_check_tells_programs_that_all_is_well(missions: Missions) -> None:
    done = missions("check", missions.blueprint(one_milestone()), "--json")
    assert json.loads(done.stdout) == {"ok": True, "problems": [], "missing": [], "milestones": 1, "features": 1}


def test_a_script_that_cannot_be_played_is_told_and_keeps_a_run_from_starting(missions: Missions) -> None:
    path = missions.blueprint(one_milestone(), {"worker": {"a": [[]], "b": [{"say": "x"}]}})
    sentence = "agents.player: script.yaml: worker.b, attempt 1 is not a list of steps"
    checked, started = missions("check", path), missions("run", path, "--yes", "--repo", missions.repo)
    assert (checked.returncode, started.returncode, missions.runs()) == (0, 2, [])
    assert sentence in checked.stderr
    assert sentence in started.stderr


def test_check_tells_programs_what_is_wrong(missions: Missions) -> None:
    done = missions("check", written(missions, BAD), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["ok"]) == (2, "", False)
    assert {problem["line"] for problem in told["problems"]} == {4, 9, 10}
    assert all(set(problem) == {"file", "line", "path", "message"} for problem in told["problems"])


def test_check_tells_programs_that_the_file_is_missing(missions: Missions) -> None:
    done = missions("check", missions.folder / "none.yaml", "--json")
    assert done.returncode == 2
    assert "there is no such file" in done.stderr + done.stdout


def test_a_setting_is_checked_with_the_blueprint(missions: Missions) -> None:
    path = missions.blueprint(one_milestone())
    assert missions("check", path, "--set", "maxConcurrency=5").returncode == 0
    done = missions("check", path, "--set", "maxConcurrency=500")
    assert done.returncode == 2
    assert "maxConcurrency" in done.stderr


def test_a_setting_without_a_value_is_refused(missions: Missions) -> None:
    done = missions("check", missions.blueprint(one_milestone()), "--set", "maxConcurrency")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "write it as KEY=VALUE" in done.stderr


@pytest.mark.parametrize("words", [["--format", "json"], ["--json"]], ids=str)
def test_show_gives_the_plan_as_json(missions: Missions, words: list[str]) -> None:
    told = json.loads(missions("show", missions.blueprint(one_milestone()), *words).stdout)
    assert [m["name"] for m in told["milestones"]] == ["one"]


@pytest.mark.parametrize(("form", "beginning"), [("text", "demo (plan "), ("mermaid", "flowchart"), ("markdown", "#")])
def test_show_gives_the_plan_in_the_form_asked_for(missions: Missions, form: str, beginning: str) -> None:
    done = missions("show", missions.blueprint(one_milestone()), "--format", form)
    assert done.returncode == 0
    assert done.stdout.startswith(beginning)


def test_schema_prints_the_committed_file(missions: Missions) -> None:
    committed = Path(json_schema.__file__).with_name("mission.schema.json")
    assert missions("schema").stdout == committed.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["check"],
        ["check", "--no-such-option", "x"],
        ["show", "x", "--format", "pdf"],
        ["list", "x"],
    ],
    ids=" ".join,
)
def test_a_word_that_is_not_understood_is_a_mistake_of_usage(missions: Missions, words: list[str]) -> None:
    done = missions(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(("Usage: ", "Error: "))


def test_help_names_every_command(missions: Missions) -> None:
    done = missions("--help")
    assert done.returncode == 0
    for name in ("check", "show", "run", "list", "status", "approve", "cancel", "resume", "logs", "report", "schema"):
        assert f"\n  {name} " in done.stdout


def test_a_run_with_a_home_inside_the_repository_is_refused(missions: Missions) -> None:
    missions.variables["MISSION_HOME"] = str(missions.repo / "home")
    done = missions("run", missions.blueprint(one_milestone()), "--repo", missions.repo)
    assert done.returncode == 2
    assert "set MISSION_HOME to a folder outside" in done.stderr


def test_a_run_on_what_is_no_repository_is_refused(missions: Missions, tmp_path: Path) -> None:
    done = missions("run", missions.blueprint(one_milestone()), "--repo", tmp_path / "nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no such folder" in done.stderr


def test_a_reader_that_goes_away_is_not_complained_about(missions: Missions) -> None:
    line = f"'{sys.executable}' -m cli.main schema | head -c 10"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ('{\n  "$sche', "")
