"""`mission doctor`: what a machine lacks, and what becomes of a rehearsal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.accepted import one_milestone
from tests.conftest import Data, Missions


@pytest.fixture
def bare(missions: Missions) -> Missions:
    """A machine without any agent's program, and with one credential."""
    programs = missions.folder / "programs"
    programs.mkdir()
    for name in ("git", "sh", "setpriv", "unshare"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    missions.variables |= {"PATH": str(programs), "ANTHROPIC_API_KEY": "sk-never-shown"}
    return missions


def with_agent(missions: Missions, **agent: object) -> Path:
    return missions.blueprint({"agents": {"builder": agent}, **one_milestone()})


def test_what_a_machine_has_and_lacks_is_a_line_each(bare: Missions) -> None:
    done = bare("doctor")
    lines = {line.split()[1]: line for line in done.stdout.splitlines()}
    assert lines["git"].startswith("ok")
    assert "ANTHROPIC_API_KEY is set" in lines["anthropic"]
    assert "OPENAI_API_KEY is not set" in lines["openai"]
    assert lines["claude-code"].startswith("missing")
    assert "npm install -g @anthropic-ai/claude-code" in lines["claude-code"]
    assert "sk-never-shown" not in done.stdout
    assert done.returncode == 0


def test_what_the_agents_of_a_blueprint_lack_is_needed(bare: Missions) -> None:
    done = bare("doctor", with_agent(bare, kind="codex"), "--json")
    found: Data = json.loads(done.stdout)
    needed = [finding["said"] for finding in found["findings"] if finding["needed"] and not finding["ok"]]
    assert "agents.builder: needs the program 'codex'" in needed[0]
    assert "agents.builder: OPENAI_API_KEY or CODEX_API_KEY is not set" in needed[1]
    assert (found["ok"], done.returncode) == (False, 1)


def test_a_configured_server_that_does_not_answer_is_missing(bare: Missions) -> None:
    bare.variables |= {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = bare("doctor")
    assert "no server answers at http://127.0.0.1:9/api; start it, or unset PREFECT_API_URL" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("droid", 1, "droid: needs the program 'droid', which is not on PATH; install it with `npm install -g droid`"),
        ("claud", 2, "--agent claud: neither a kind with a model nor an agent of a blueprint; did you mean"),
        ("builder", 1, "builder: is of kind command: it has no model, so that there is nothing to rehearse"),
    ],
    ids=["no program", "no such name", "no model"],
)
def test_an_agent_that_cannot_be_rehearsed_is_one_sentence(bare: Missions, name: str, code: int, sentence: str) -> None:
    done = bare("doctor", with_agent(bare, kind="command", argv=["agent"]), "--agent", name)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(sentence)


def test_an_agent_that_does_not_work_is_wrong_case_by_case(bare: Missions) -> None:
    (bare.folder / "agent").write_text("#!/bin/sh\necho 1.2.3\n")
    (bare.folder / "agent").chmod(0o755)
    done = bare("doctor", with_agent(bare, kind="codex", program="./agent"), "--agent", "builder")
    told, *cases = done.stdout.splitlines()
    assert told.startswith("builder 1.2.3 against a scripted model")
    assert {case.split()[0] for case in cases} == {"wrong"}
    assert (len(cases), done.returncode) == (12, 1)


def test_prefect_is_not_imported() -> None:
    program = "import sys, cli.doctor, cli.machine; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
