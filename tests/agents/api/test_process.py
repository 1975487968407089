from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import agents.api
from ledger.conversation import Tally, read_entries
from tests.agents.api.conftest import HANDOFF, Talk
from workspaces.process import environment

LOOP = Path(agents.api.__file__).with_name("__main__.py")
SEARCH = (
    "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/$PPID/fd/0 2>/dev/null | tr '\\0' '\\n' > seen; env >> seen;"
    " grep -c '' seen"
)


def converse(spec: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", LOOP],
        input=spec.encode(),
        cwd=cwd,
        env=environment(PATH=os.environ["PATH"]),
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_a_process_has_the_conversation_and_no_tool_sees_the_key(quick_talk: Talk, tmp_path: Path) -> None:
    quick_talk.serve([{"text": "Grüße", "calls": [{"shell": SEARCH}]}, {"calls": [HANDOFF]}])
    spec = quick_talk.spec()
    done = converse(spec.model_dump_json(), tmp_path)
    assert done.returncode == 0, done.stderr
    transcript = tmp_path / "transcript.jsonl"
    transcript.write_bytes(done.stdout)
    lines = list(read_entries(transcript))
    kinds = ["start", "usage", "text", "call", "output", "usage", "call", "output", "end"]
    assert [line["type"] for line in lines] == kinds
    assert all("at" in line for line in lines)
    tally = Tally.of(lines)
    assert (tally.turns, tally.tools) == (2, {"bash": 1, "submit": 1})
    assert tally.end is not None
    assert tally.usage == tally.end["usage"]
    assert "PATH=" in (quick_talk.workspace / "seen").read_text()
    assert spec.key not in (quick_talk.workspace / "seen").read_text()
    assert spec.key.encode() not in done.stdout


def test_a_specification_that_makes_no_sense_has_an_end_too_and_does_not_show_the_key(tmp_path: Path) -> None:
    done = converse(json.dumps({"key": "sk-very-secret", "api": "telepathy"}), tmp_path)
    (end,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, end["type"], end["reason"]) == (0, "end", "failed")
    assert b"sk-very-secret" not in done.stdout + done.stderr
