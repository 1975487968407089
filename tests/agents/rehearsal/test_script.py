"""Scripts as files, and the server as a command."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from agents.rehearsal.script import Fault, ShellUse, SubmitUse, ToolUse, load_scripts
from blueprints.errors import MissionError

PROJECT = Path(__file__).parents[3]
FIX = """\
name: fix
when: {user: 'Fix (?P<file>\\S+)'}
steps:
  - calls:
      - shell: cat {{file}}
      - submit: {summary: done}
      - {tool: edit, input: {path: a}}
    fault: {status: 429, retry_after: 2s, times: 1, per: conversation}
  - Done.
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "script.yaml"
    path.write_text(text)
    return path


def test_a_file_holds_a_script_or_a_list_of_them(tmp_path: Path) -> None:
    (fix,) = load_scripts(write(tmp_path, FIX))
    assert fix.steps[0].calls == [
        ShellUse(shell="cat {{file}}"),
        SubmitUse(submit={"summary": "done"}),
        ToolUse(tool="edit", input={"path": "a"}),
    ]
    assert fix.steps[0].fault == Fault(status=429, retry_after=2, times=1)
    assert fix.steps[1].text == "Done."
    listed = load_scripts(write(tmp_path, "scripts:\n- {name: a, steps: [x]}\n- {name: b, steps: [y]}\n"))
    assert [script.name for script in listed] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("steps: [", "cannot be read"),
        ("steps: []", "0.steps"),
        ("steps: [{say: x}]", "0.steps.0.say"),
        ("{when: {user: '('}, steps: [x]}", "not a regular expression"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(MissionError, match=complaint) as caught:
        load_scripts(path)
    assert str(caught.value).startswith(str(path))


def test_the_command_prints_its_address_and_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    script, log = write(tmp_path, "steps: [Hello.]"), tmp_path / "calls.jsonl"
    argv = [sys.executable, "-m", "agents.rehearsal", str(script), "--log", str(log)]
    with subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False).json()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0
    assert answer["choices"][0]["message"]["content"] == "Hello."
    assert len(log.read_text().splitlines()) == 1
