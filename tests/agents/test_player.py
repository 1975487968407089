"""The scripted agent, run as the engine runs it: an isolated process in a git repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYER = Path(__file__).parents[2] / "agents" / "player.py"
SCRIPT = "script.yaml"
DIFF = """\
--- a/greeting.txt
+++ b/greeting.txt
@@ -1 +1 @@
-hello
+good evening
"""


@dataclass(frozen=True)
class Theatre:
    """A repository with one commit to play in, and a folder for what lies outside it."""

    outside: Path
    workspace: Path

    @property
    def handoff(self) -> Path:
        return self.outside / "handoff.json"

    def start(self, script: object, **env: str) -> subprocess.Popen[str]:
        path = self.outside / SCRIPT
        path.write_text(script if isinstance(script, str) else yaml.safe_dump(script))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.outside),
            "MISSION_ROLE": "worker",
            "MISSION_FEATURE": "greeting",
            "MISSION_MILESTONE": "first",
            "MISSION_ATTEMPT": "1",
            "MISSION_HANDOFF": str(self.handoff),
        }
        return subprocess.Popen(
            [sys.executable, "-I", str(PLAYER), str(path)],
            cwd=self.workspace,
            env={k: v for k, v in (environment | env).items() if v},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def play(self, script: object, **env: str) -> subprocess.CompletedProcess[str]:
        agent = self.start(script, **env)
        out, err = agent.communicate(timeout=30)
        return subprocess.CompletedProcess(agent.args, agent.returncode, out, err)

    def work(self, *steps: object) -> subprocess.CompletedProcess[str]:
        """Play the steps as the first attempt of the worker of `greeting`."""
        return self.play({"worker": {"greeting": [list(steps)]}})

    def text(self, name: str) -> str:
        return (self.workspace / name).read_text()

    def git(self, *argv: str) -> str:
        return subprocess.run(
            ["git", *argv], cwd=self.workspace, check=True, capture_output=True, text=True
        ).stdout.strip()


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    place = Theatre(tmp_path / "outside", tmp_path / "workspace")
    place.outside.mkdir()
    place.workspace.mkdir()
    (place.workspace / "greeting.txt").write_text("hello\n")
    place.git("init", "--quiet", "-b", "main")
    place.git("add", "-A")
    place.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "Begin")
    return place


def test_write_makes_a_file_and_its_folders(theatre: Theatre) -> None:
    done = theatre.work({"write": {"path": "src/deep/new.py", "text": "x = 'ü'\n"}})
    assert done.returncode == 0
    assert theatre.text("src/deep/new.py") == "x = 'ü'\n"
    assert done.stdout == "write: src/deep/new.py\n"


def test_write_makes_a_program(theatre: Theatre) -> None:
    theatre.work({"write": {"path": "tool", "text": "#!/bin/sh\n", "executable": True}})
    assert os.access(theatre.workspace / "tool", os.X_OK)


def test_append_adds_to_the_end(theatre: Theatre) -> None:
    theatre.work({"append": {"path": "greeting.txt", "text": "world\n"}})
    assert theatre.text("greeting.txt") == "hello\nworld\n"


def test_append_begins_a_file(theatre: Theatre) -> None:
    theatre.work({"append": {"path": "new.txt", "text": "world\n"}})
    assert theatre.text("new.txt") == "world\n"


def test_replace_changes_the_only_occurrence(theatre: Theatre) -> None:
    theatre.work({"replace": {"path": "greeting.txt", "old": "hello", "new": "goodbye"}})
    assert theatre.text("greeting.txt") == "goodbye\n"


@pytest.mark.parametrize(("old", "times"), [("l", 2), ("absent", 0)])
def test_replace_fails_unless_the_text_occurs_once(theatre: Theatre, old: str, times: int) -> None:
    done = theatre.work({"replace": {"path": "greeting.txt", "old": old, "new": "x"}})
    assert done.returncode == 1
    assert f"occurs {times} times in 'greeting.txt', not once" in done.stdout
    assert theatre.text("greeting.txt") == "hello\n"


def test_replace_keeps_line_ends(theatre: Theatre) -> None:
    (theatre.workspace / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    theatre.work({"replace": {"path": "dos.txt", "old": "two", "new": "three"}})
    assert (theatre.workspace / "dos.txt").read_bytes() == b"one\r\nthree\r\n"


def test_patch_applies_a_diff(theatre: Theatre) -> None:
    done = theatre.work({"patch": DIFF})
    assert theatre.text("greeting.txt") == "good evening\n"
    assert done.stdout == "patch: greeting.txt\n"


def test_patch_that_does_not_apply_fails(theatre: Theatre) -> None:
    done = theatre.work({"patch": DIFF}, {"patch": DIFF})
    assert done.returncode == 1
    assert "patch does not apply" in done.stdout
    assert "patch: failed in step 2" in done.stdout


def test_delete_removes_a_file(theatre: Theatre) -> None:
    theatre.work({"delete": "greeting.txt"})
    assert not (theatre.workspace / "greeting.txt").exists()


def test_delete_of_a_missing_file_fails(theatre: Theatre) -> None:
    done = theatre.work({"delete": "absent.txt"})
    assert done.returncode == 1
    assert "there is no file 'absent.txt'" in done.stdout


def test_run_shows_what_the_line_prints_in_its_place(theatre: Theatre) -> None:
    done = theatre.work({"say": "before"}, {"run": "echo $MISSION_FEATURE; echo oops >&2"}, {"say": "after"})
    assert done.stdout.splitlines() == [
        "say: before",
        "greeting",
        "oops",
        "run: echo $MISSION_FEATURE; echo oops >&2",
        "say: after",
    ]


@pytest.mark.parametrize("line", ["exit 3", "false; true", "false | true", "echo $UNSET"])
def test_run_that_goes_wrong_fails_the_agent(theatre: Theatre, line: str) -> None:
    done = theatre.work({"run": line}, {"write": {"path": "late.txt", "text": "x"}})
    assert done.returncode == 1
    assert "run: failed in step 1: bash ended with exit code" in done.stdout
    assert not (theatre.workspace / "late.txt").exists()


@pytest.mark.parametrize("duration", [0.2, "200ms", "0.2s"])
def test_sleep_takes_its_time(theatre: Theatre, duration: object) -> None:
    before = time.monotonic()
    done = theatre.work({"sleep": duration})
    assert time.monotonic() - before >= 0.2
    assert done.stdout == "sleep: 0.2s\n"


def test_commit_takes_everything_in(theatre: Theatre) -> None:
    done = theatre.work(
        {"write": {"path": "new.txt", "text": "x"}},
        {"delete": "greeting.txt"},
        {"commit": "Replace the greeting\n\nNobody used it."},
    )
    assert done.stdout.splitlines()[-1] == "commit: Replace the greeting …"
    said = theatre.git("log", "-1", "--format=%an: %B")
    assert said == "Scripted agent: Replace the greeting\n\nNobody used it."
    assert theatre.git("ls-files") == "new.txt"
    assert theatre.git("status", "--porcelain") == ""


def test_commit_of_nothing_fails(theatre: Theatre) -> None:
    assert theatre.work({"commit": "Nothing"}).returncode == 1


def test_commit_needs_no_signing_key(theatre: Theatre) -> None:
    theatre.git("config", "commit.gpgsign", "true")
    assert theatre.work({"write": {"path": "x", "text": "x"}}, {"commit": "Sign nothing"}).returncode == 0


def test_handoff_is_written_as_json(theatre: Theatre) -> None:
    theatre.work({"handoff": {"salientSummary": "Grüße", "tests": {"added": ["test_x.py"]}}})
    assert json.loads(theatre.handoff.read_text()) == {
        "salientSummary": "Grüße",
        "tests": {"added": ["test_x.py"]},
        "discoveredIssues": [],
    }


def _issue(text: str) -> dict[str, Any]:
    return {"severity": "suggestion", "description": text}


@pytest.mark.parametrize("handoff_last", [True, False])
def test_findings_join_the_issues_of_the_handoff(theatre: Theatre, handoff_last: bool) -> None:
    steps = [
        {"finding": _issue("slow")},
        {"handoff": {"salientSummary": "Done.", "discoveredIssues": [_issue("ugly")]}},
    ]
    theatre.work(*(steps if handoff_last else reversed(steps)))
    handoff = json.loads(theatre.handoff.read_text())
    assert handoff["salientSummary"] == "Done."
    assert handoff["discoveredIssues"] == [_issue("ugly"), _issue("slow")]


def test_finding_alone_makes_a_minimal_handoff(theatre: Theatre) -> None:
    theatre.work({"finding": _issue("slow") | {"suggestedFix": "an index"}}, {"crash": True})
    handoff = json.loads(theatre.handoff.read_text())
    assert handoff["discoveredIssues"] == [_issue("slow") | {"suggestedFix": "an index"}]
    assert handoff["salientSummary"]
    assert handoff["verification"] == {"commandsRun": []}


def test_an_answer_is_written_exactly(theatre: Theatre) -> None:
    content: dict[str, Any] = {"status": "pass", "summary": "Grüße", "issues": []}
    theatre.work({"answer": content})
    assert json.loads(theatre.handoff.read_text()) == content


@pytest.mark.parametrize("text", ["It looks good.", "", "{"])
def test_an_answer_that_is_a_text_is_written_as_it_is(theatre: Theatre, text: str) -> None:
    assert theatre.work({"answer": text}).returncode == 0
    assert theatre.handoff.read_text() == text


def test_fail_says_why_and_exits_with_1(theatre: Theatre) -> None:
    done = theatre.work({"fail": "The specification contradicts itself."})
    assert done.returncode == 1
    assert done.stdout == "fail: failed in step 1: The specification contradicts itself.\n"


def test_crash_kills_the_agent(theatre: Theatre) -> None:
    assert theatre.work({"crash": True}).returncode == -signal.SIGKILL


def test_hang_waits_until_it_is_ended(theatre: Theatre) -> None:
    agent = theatre.start({"worker": {"greeting": [[{"hang": True}]]}})
    with agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "hang: waiting for ever\n"
        assert agent.poll() is None
        agent.terminate()
    assert agent.returncode == -signal.SIGTERM


def test_no_steps_leave_everything_as_it_was(theatre: Theatre) -> None:
    done = theatre.work()
    assert (done.returncode, done.stdout, theatre.git("status", "--porcelain")) == (0, "", "")


@pytest.mark.parametrize(("attempt", "said"), [("1", "first"), ("2", "second"), ("3", "second")])
def test_attempts_take_their_list_or_the_last(theatre: Theatre, attempt: str, said: str) -> None:
    script = {"worker": {"greeting": [[{"say": "first"}], [{"say": "second"}]]}}
    assert theatre.play(script, MISSION_ATTEMPT=attempt).stdout == f"say: {said}\n"


def test_each_role_finds_its_own_steps(theatre: Theatre) -> None:
    script = {
        "worker": {"greeting": [[{"say": "working"}]]},
        "integrator": {"greeting": [[{"say": "integrating"}]]},
        "repairer": {"first": [[{"say": "repairing"}]]},
        "scrutiny": {"greeting": [[{"say": "reviewing"}]]},
        "tester": {"VAL-APP-001.2": [[{"say": "testing"}]]},
    }
    assert theatre.play(script, MISSION_ROLE="integrator").stdout == "say: integrating\n"
    assert theatre.play(script, MISSION_ROLE="repairer", MISSION_FEATURE="").stdout == "say: repairing\n"
    assert theatre.play(script, MISSION_ROLE="scrutiny").stdout == "say: reviewing\n"
    assert theatre.play(script, MISSION_ROLE="tester", MISSION_FEATURE="VAL-APP-001.2").stdout == "say: testing\n"


@pytest.mark.parametrize("path", ["../out.txt", "/tmp/out.txt", "link/out.txt", "."])
@pytest.mark.parametrize("step", ["write", "append", "replace", "delete"])
def test_files_outside_the_workspace_are_out_of_reach(theatre: Theatre, path: str, step: str) -> None:
    (theatre.workspace / "link").symlink_to(theatre.outside)
    content = {"replace": {"old": "a", "new": "b"}}.get(step, {"text": "x"})
    done = theatre.work({step: path if step == "delete" else {"path": path} | content})
    assert done.returncode == 1
    assert f"'{path}' is outside the workspace" in done.stdout
    assert not (theatre.outside / "out.txt").exists()


def test_path_in_the_way_fails_with_a_sentence(theatre: Theatre) -> None:
    done = theatre.work({"write": {"path": "greeting.txt/x", "text": "x"}})
    assert done.returncode == 1
    assert "write: failed in step 1" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("worker: [", "is not YAML"),
        ("- worker", "a script is a mapping"),
        ("", "a script is a mapping, not nothing"),
        ("{repairer: {}}", "no entry 'worker'; roles in it: repairer"),
        ("{worker: {farewell: [[]]}}", "no entry 'greeting'; what worker has steps for: farewell"),
        ("{worker: {greeting: {say: x}}}", "worker.greeting is not a list of attempts"),
        ("{worker: {greeting: []}}", "worker.greeting is not a list of attempts"),
        ("{worker: {greeting: [{say: x}]}}", "attempt 1 is not a list of steps"),
        ("{worker: {greeting: [[say]]}}", "step 1 is not a mapping with one key"),
        ("{worker: {greeting: [[{say: x, run: y}]]}}", "step 1 is not a mapping with one key"),
        ("{worker: {greeting: [[{wirte: x}]]}}", "step 1: unknown step 'wirte'; known: write, append"),
        (
            "{worker: {greeting: [[{write: {path: x}}]]}}",
            "write: text missing; it takes path, text, exec",
        ),
        ("{worker: {greeting: [[{write: {path: x, text: y, mode: 7}}]]}}", "write: unknown mode"),
        ("{worker: {greeting: [[{write: {path: 1, text: y}}]]}}", "write: path is '1', not str"),
        ("{worker: {greeting: [[{run: }]]}}", "run: its argument is a text, not nothing"),
        ("{worker: {greeting: [[{sleep: soon}]]}}", "sleep: its argument is seconds or a duration"),
        ("{worker: {greeting: [[{hang: false}]]}}", "hang: its argument is true"),
        ("{worker: {greeting: [[{handoff: done}]]}}", "handoff: a handoff is a mapping, not 'done'"),
        ("{worker: {greeting: [[{answer: }]]}}", "answer: an answer is a mapping, not nothing"),
    ],
)
def test_wrong_script_ends_with_2_and_one_sentence(theatre: Theatre, script: str, sentence: str) -> None:
    done = theatre.play(script)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert SCRIPT in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_wrong_step_is_found_before_the_first_is_played(theatre: Theatre) -> None:
    done = theatre.work({"write": {"path": "new.txt", "text": "x"}}, {"wirte": {}})
    assert done.returncode == 2
    assert not (theatre.workspace / "new.txt").exists()


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"MISSION_ROLE": ""}, "MISSION_ROLE is not set"),
        ({"MISSION_FEATURE": ""}, "MISSION_FEATURE is not set"),
        ({"MISSION_ATTEMPT": "0"}, "MISSION_ATTEMPT is '0'; it is a number from 1"),
        ({"MISSION_HANDOFF": ""}, "MISSION_HANDOFF is not set"),
    ],
)
def test_wrong_environment_ends_with_2(theatre: Theatre, env: dict[str, str], sentence: str) -> None:
    done = theatre.play("{worker: {greeting: [[{handoff: {}}]]}}", **env)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_missing_script_ends_with_2(theatre: Theatre) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(PLAYER), "absent.yaml"],
        cwd=theatre.workspace,
        env={"MISSION_ROLE": "worker", "MISSION_FEATURE": "x", "MISSION_ATTEMPT": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "absent.yaml: cannot be read: No such file or directory\n"
