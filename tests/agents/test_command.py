"""`kind: command`: what a program is given, and what it cannot see."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from agents import agent_for
from agents.base import AgentRun, Assignment, Desk
from blueprints.agents import CommandAgent
from ledger.conversation import read_entries
from tests.agents.desks import desk_in
from tests.agents.test_prompt import assignment
from workspaces.containment import MARK
from workspaces.process import Ended

TELL = """
import json, os, sys
json.dump({"argv": sys.argv[1:], "stdin": sys.stdin.read(), "env": dict(os.environ), "cwd": os.getcwd()},
          open(os.environ["MISSION_WORKSPACE"] + "/told.json", "w"))
"""


@dataclass(frozen=True)
class Office:
    """A desk, and a folder where the blueprint is."""

    desk: Desk
    folder: Path

    def run(self, *argv: str, given: Assignment | None = None, **profile: Any) -> AgentRun:
        agent = CommandAgent.model_validate({"kind": "command", "argv": list(argv), **profile})
        return agent_for(agent, self.folder).run(given or assignment(), self.desk)

    def told(self, *arguments: str, **profile: Any) -> dict[str, Any]:
        """What a program that is run with these arguments finds."""
        run = self.run(sys.executable, "-c", TELL, *arguments, **profile)
        assert run.stopped_by_itself, run.output
        told: dict[str, Any] = json.loads((self.desk.workspace / "told.json").read_text())
        return told


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "blueprint").mkdir()
    desk = desk_in(tmp_path, grace=1)
    desk.prompt.write_text("Do it: é\n")
    desk.assignment.write_text(assignment().model_dump_json())
    return Office(desk, tmp_path / "blueprint")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_it_works_in_the_workspace(office: Office) -> None:
    assert office.told()["cwd"] == str(office.desk.workspace)


def test_arguments_meet_no_shell(office: Office) -> None:
    arguments = ["$HOME", "a b", "; touch x", "*", "`id`"]
    assert office.told(*arguments)["argv"] == arguments


def test_the_prompt_is_on_stdin_and_not_in_argv(office: Office) -> None:
    told = office.told()
    assert told["stdin"] == "Do it: é\n"
    assert told["argv"] == []


def test_a_prompt_of_140_kb_arrives_whole(office: Office) -> None:
    office.desk.prompt.write_text("x" * 140_000 + "end")
    told = office.told()
    assert told["stdin"] == "x" * 140_000 + "end" == Path(told["env"]["MISSION_PROMPT"]).read_text()


def test_a_program_need_not_read_its_prompt(office: Office) -> None:
    office.desk.prompt.write_text("x" * 1_000_000)
    assert office.run("true").stopped_by_itself


def test_the_assignment_is_json(office: Office) -> None:
    told = json.loads(Path(office.told()["env"]["MISSION_ASSIGNMENT"]).read_text())
    assert (told["feature"], told["role"], told["attempt"]) == ("csv-writer", "worker", 1)
    assert told["assertions"] == {"VAL-EXPORT-001": "Every row is there."}


def test_all_variables_are_set(office: Office) -> None:
    env = office.told()["env"]
    assert {name: value for name, value in env.items() if name.startswith("MISSION_") and name != MARK} == {
        "MISSION_RUN": "demo-20250101-aaaaaa",
        "MISSION_MISSION": "demo",
        "MISSION_MILESTONE": "export",
        "MISSION_FEATURE": "csv-writer",
        "MISSION_ROLE": "worker",
        "MISSION_ATTEMPT": "1",
        "MISSION_WORKSPACE": str(office.desk.workspace),
        "MISSION_PROMPT": str(office.desk.prompt),
        "MISSION_ASSIGNMENT": str(office.desk.assignment),
        "MISSION_HANDOFF": str(office.desk.handoff),
    }


def test_it_sees_only_the_variables_it_declares(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_TOKEN", "OTHER_TOKEN", "PREFECT_API_KEY", "GIT_DIR", "PYTHONPATH", "MISSION_HOME"):
        monkeypatch.setenv(name, "value-of-it")
    env = office.told(env=["API_TOKEN", "GIT_DIR"])["env"]
    assert env["API_TOKEN"] == "value-of-it"
    assert {name for name, value in env.items() if value == "value-of-it"} == {"API_TOKEN"}


def test_a_declared_secret_is_in_no_transcript(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "value-of-it")
    run = office.run("printenv", "API_TOKEN", env=["API_TOKEN"])
    [line] = read_entries(office.desk.transcript)
    assert (run.output, line["text"]) == ("[API_TOKEN]\n", "[API_TOKEN]")


def test_it_can_commit_without_the_user_s_identity(office: Office) -> None:
    line = "git init -q && git commit -q --allow-empty -m x && git log -1 --format=%an"
    assert office.run("bash", "-c", line).output.strip() == "Missions"


def test_a_program_with_a_slash_is_found_from_the_blueprint_s_folder(office: Office) -> None:
    program(office.folder / "bin" / "agent", '#!/bin/sh\necho "here: $PWD"\n')
    assert office.run("./bin/agent").output == f"here: {office.desk.workspace}\n"


def test_a_program_without_a_slash_is_found_on_the_path(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    program(office.folder / "bin" / "my-agent", "#!/bin/sh\necho on the path\n")
    monkeypatch.setenv("PATH", f"{office.folder / 'bin'}:{os.environ['PATH']}")
    assert office.run("my-agent").output == "on the path\n"


@pytest.mark.parametrize("name", ["no-such-agent", "./no-such-agent", "/no/such/agent"])
def test_a_program_that_is_missing_is_an_outcome(office: Office, name: str) -> None:
    run = office.run(name)
    assert (run.ended, run.exit_code) == (Ended.MISSING, None)
    assert run.reason.startswith("the agent could not be started: ")
    assert "no" in run.reason


def test_a_program_that_is_not_executable_is_an_outcome(office: Office) -> None:
    (office.folder / "agent").write_text("#!/bin/sh\n")
    assert office.run("./agent").ended is Ended.MISSING


def test_an_exit_code_and_the_last_words_are_the_reason(office: Office) -> None:
    run = office.run("bash", "-c", "echo working; echo out of ideas >&2; exit 3")
    assert not run.stopped_by_itself
    assert run.reason == "the agent ended with exit code 3: out of ideas"


def test_a_time_limit_ends_it(office: Office) -> None:
    run = replace(office, desk=replace(office.desk, timeout=0.3)).run("sleep", "1000")
    assert run.ended is Ended.TIMEOUT
    assert "time limit" in run.reason


def test_an_idle_limit_ends_it(office: Office) -> None:
    run = office.run("sleep", "1000", idleTimeout=0.3)
    assert run.ended is Ended.IDLE
    assert "printed nothing" in run.reason


def test_a_stopped_mission_ends_it(office: Office) -> None:
    office.desk.stop.set()
    run = office.run("sleep", "1000")
    assert (run.ended, run.reason) == (Ended.STOPPED, "the agent was stopped")


def test_unknown_usage_is_none(office: Office) -> None:
    assert office.run("true").usage is None
