from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workspaces import containment
from workspaces.process import Ended, environment, run

PROJECT = Path(__file__).parents[2]


def until(what: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that will happen; fail if it does not."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


def processes_with(word: str) -> list[int]:
    """Living processes that have this word in their command line."""
    return [int(p.name) for p in Path("/proc").glob("[0-9]*") if word.encode() in command_line(p)]


def command_line(process: Path) -> bytes:
    try:
        return b"" if b") Z " in (process / "stat").read_bytes() else (process / "cmdline").read_bytes()
    except OSError:
        return b""


def pretend_no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containment, "namespace", tuple[str, ...])


@pytest.fixture(params=["namespace", "sweep"])
def containing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Contained tests run in both ways, where the system has both."""
    if request.param == "sweep":
        pretend_no_namespaces(monkeypatch)
    elif not containment.namespace():
        pytest.skip("no namespaces here")
    return str(request.param)


def test_output_and_error_are_kept_apart(tmp_path: Path) -> None:
    finished = run(["sh", "-c", "echo out; echo err >&2; exit 3"], cwd=tmp_path)
    assert (finished.output, finished.error) == ("out\n", "err\n")
    assert (finished.ended, finished.exit_code, finished.ok) == (Ended.EXITED, 3, False)


def test_contained_output_and_error_come_together(tmp_path: Path, containing: str) -> None:
    finished = run(["sh", "-c", "echo out; echo err >&2"], cwd=tmp_path, contained=True)
    assert (finished.output, finished.ok) == ("out\nerr\n", True)


@pytest.mark.parametrize("contained", [False, True])
def test_exit_code_is_the_commands(tmp_path: Path, contained: bool) -> None:
    assert run(["sh", "-c", "exit 7"], cwd=tmp_path, contained=contained).exit_code == 7


@pytest.mark.parametrize("contained", [False, True])
def test_death_by_signal_is_told_as_a_shell_does(tmp_path: Path, contained: bool) -> None:
    assert run(["sh", "-c", "kill -9 $$"], cwd=tmp_path, contained=contained).exit_code == 137


@pytest.mark.parametrize("contained", [False, True])
@pytest.mark.parametrize("program", ["no-such-program", "./no-such-program", "./not-executable", "."])
def test_program_that_cannot_be_started_is_missing(tmp_path: Path, program: str, contained: bool) -> None:
    (tmp_path / "not-executable").write_text("#!/bin/sh\n")
    finished = run([program], cwd=tmp_path, contained=contained)
    assert (finished.ended, finished.exit_code, finished.ok) == (Ended.MISSING, None, False)
    assert program in finished.error


def test_folder_that_is_gone_is_missing(tmp_path: Path) -> None:
    assert run(["true"], cwd=tmp_path / "gone").ended is Ended.MISSING


def test_file_the_system_cannot_execute_is_missing(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\0\1\2")
    (tmp_path / "odd").chmod(0o755)
    assert run(["./odd"], cwd=tmp_path).ended is Ended.MISSING


def test_program_is_found_relative_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\necho here\n")
    (tmp_path / "tool").chmod(0o755)
    assert run(["./tool"], cwd=tmp_path).output == "here\n"


@pytest.mark.parametrize("contained", [False, True])
def test_long_input_arrives_whole(tmp_path: Path, contained: bool) -> None:
    finished = run(["sh", "-c", "cat; wc -c </dev/null"], cwd=tmp_path, stdin=b"x" * 200_000, contained=contained)
    assert finished.output == "x" * 200_000 + "0\n"


def test_input_is_empty_when_none_is_given(tmp_path: Path) -> None:
    assert run(["cat"], cwd=tmp_path).ok


@pytest.mark.parametrize("contained", [False, True])
def test_time_limit_ends_a_command(tmp_path: Path, contained: bool) -> None:
    finished = run(["sh", "-c", "echo begun; sleep 600"], cwd=tmp_path, timeout=2, contained=contained)
    assert (finished.ended, finished.exit_code) == (Ended.TIMEOUT, None)
    assert finished.output.startswith("begun\n")


def test_silence_ends_a_command(tmp_path: Path, containing: str) -> None:
    finished = run(["sh", "-c", "echo begun; sleep 600"], cwd=tmp_path, idle=0.3, contained=True)
    assert finished.ended is Ended.IDLE


def test_output_keeps_a_command_from_being_idle(tmp_path: Path) -> None:
    talker = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done"
    assert run(["sh", "-c", talker], cwd=tmp_path, idle=2, contained=True).ok


def test_stop_ends_a_command(tmp_path: Path, containing: str) -> None:
    stop, transcript = threading.Event(), tmp_path / "transcript"

    def set_when_begun() -> None:
        until(lambda: transcript.exists() and transcript.read_text())
        stop.set()

    setter = threading.Thread(target=set_when_begun)
    setter.start()
    argv = ["sh", "-c", "echo begun; sleep 600"]
    finished = run(argv, cwd=tmp_path, stop=stop, transcript=transcript, contained=True)
    setter.join()
    assert finished.ended is Ended.STOPPED


def test_stop_that_is_set_already_ends_a_command(tmp_path: Path, containing: str) -> None:
    stop = threading.Event()
    stop.set()
    assert run(["sleep", "600"], cwd=tmp_path, stop=stop, contained=True).ended is Ended.STOPPED


def test_command_may_end_gently(tmp_path: Path, containing: str) -> None:
    polite = "trap 'echo bye; exit 0' TERM; echo begun; while :; do sleep 0.01; done"
    finished = run(["sh", "-c", polite], cwd=tmp_path, timeout=2, grace=30, contained=True)
    assert finished.ended is Ended.TIMEOUT
    assert "bye" in finished.output


@dataclass
class Deaf:
    """A listener that has enough after one line."""

    lines: list[bytes] = field(default_factory=list[bytes])
    deadline: float = math.inf

    def hear(self, line: bytes) -> bytes:
        self.lines.append(line)
        self.deadline = -math.inf
        return b"heard " + line + b"\n"


POLITE = """
import os, signal, time
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"int\\n"))
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"term\\n"), os._exit(0)))
os.write(1, b"begun\\n")
while True:
    time.sleep(0.01)
"""


def test_command_is_asked_to_end_in_more_than_one_way(tmp_path: Path, containing: str) -> None:
    asked = (signal.SIGINT, signal.SIGTERM)
    polite = [sys.executable, "-I", "-c", POLITE]
    finished = run(polite, cwd=tmp_path, listener=Deaf(), grace=1, contained=True, signals=asked)
    assert finished.output.split() == ["begun", "int", "term"]


def test_a_listener_writes_the_transcript_and_may_end_the_command(tmp_path: Path, containing: str) -> None:
    deaf, transcript = Deaf(), tmp_path / "transcript"
    talker = ["sh", "-c", "echo one; exec sleep 600"]
    finished = run(talker, cwd=tmp_path, contained=True, listener=deaf, transcript=transcript)
    assert finished.ended is Ended.CUT
    assert deaf.lines[0] == b"one"
    assert transcript.read_bytes().startswith(b"heard one\n")


def test_a_listener_hears_a_last_line_without_an_end(tmp_path: Path) -> None:
    deaf = Deaf()
    run(["printf", "no end"], cwd=tmp_path, contained=True, listener=deaf)
    assert deaf.lines == [b"no end"]


def test_command_that_ignores_the_request_is_killed(tmp_path: Path, containing: str) -> None:
    stubborn = "trap '' TERM; while :; do sleep 0.01; done"
    finished = run(["sh", "-c", stubborn], cwd=tmp_path, timeout=0.3, grace=0.2, contained=True)
    assert finished.ended is Ended.TIMEOUT


def test_nothing_a_command_started_outlives_its_normal_end(tmp_path: Path, containing: str) -> None:
    seconds = str(100_000 + os.getpid())
    daemon = f"setsid nohup sleep {seconds} >/dev/null 2>&1 & (setsid sleep {seconds} &) ; echo done"
    finished = run(["sh", "-c", daemon], cwd=tmp_path, contained=True)
    assert finished.ok
    assert processes_with(seconds) == []


def test_nothing_a_command_started_outlives_its_time_limit(tmp_path: Path, containing: str) -> None:
    seconds = str(200_000 + os.getpid())
    daemon = f"trap '' TERM; setsid nohup sleep {seconds} & sleep {seconds}; sleep {seconds}"
    finished = run(["sh", "-c", daemon], cwd=tmp_path, timeout=0.3, grace=0.1, contained=True)
    assert finished.ended is Ended.TIMEOUT
    assert processes_with(seconds) == []


def test_everything_dies_with_the_orchestrator(tmp_path: Path) -> None:
    if not containment.namespace():
        pytest.skip("no namespaces here")
    seconds = str(300_000 + os.getpid())
    script = f"""
        from pathlib import Path
        from workspaces.process import run
        run(["sh", "-c", "setsid nohup sleep {seconds} & sleep {seconds}"], cwd=Path("/"), contained=True)
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(argv, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT)}) as orchestrator:
        until(lambda: len(processes_with(f"sleep\0{seconds}")) == 2)
        orchestrator.send_signal(signal.SIGKILL)
    until(lambda: processes_with(f"sleep\0{seconds}") == [])


def test_interrupted_caller_leaves_nothing(tmp_path: Path, containing: str) -> None:
    seconds = str(400_000 + os.getpid())

    class Interrupting(threading.Event):
        def is_set(self) -> bool:
            if processes_with(f"sleep\0{seconds}"):
                raise KeyboardInterrupt
            return False

    argv = ["sh", "-c", f"setsid sleep {seconds} & wait"]
    with pytest.raises(KeyboardInterrupt):
        run(argv, cwd=tmp_path, stop=Interrupting(), contained=True)
    assert processes_with(f"sleep\0{seconds}") == []


def test_background_writer_does_not_hold_up_an_uncontained_command(tmp_path: Path) -> None:
    assert run(["sh", "-c", "sleep 600 & echo done"], cwd=tmp_path).output == "done\n"


def test_transcript_grows_and_output_is_its_end(tmp_path: Path) -> None:
    transcript = tmp_path / "logs" / "transcript"
    transcript.parent.mkdir()
    transcript.write_text("earlier\n")
    argv = ["sh", "-c", "seq 1 100000; echo last"]
    finished = run(argv, cwd=tmp_path, transcript=transcript, contained=True)
    assert transcript.read_text().startswith("earlier\n1\n2\n")
    assert transcript.read_text().endswith("100000\nlast\n")
    assert len(finished.output) == 64_000
    assert finished.output.endswith("100000\nlast\n")


def test_systems_without_pidfd_wait_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    assert run(["sh", "-c", "echo done; exit 3"], cwd=tmp_path, contained=True).exit_code == 3
    assert run(["sleep", "600"], cwd=tmp_path, timeout=0.1, contained=True).ended is Ended.TIMEOUT


def test_undecodable_output_is_replaced(tmp_path: Path) -> None:
    assert run(["printf", r"a\377b"], cwd=tmp_path).output == "a\N{REPLACEMENT CHARACTER}b"


def test_secrets_are_replaced_in_output_and_transcript(tmp_path: Path) -> None:
    argv, secrets = (
        ["sh", "-c", "printf 'the key is hunter'; sleep 0.2; printf '2hunter2.'"],
        {"KEY": "hunter2hunter2"},
    )
    transcript = tmp_path / "transcript"
    finished = run(argv, cwd=tmp_path, transcript=transcript, secrets=secrets, contained=True)
    assert finished.output == transcript.read_text() == "the key is [KEY]."


def test_environment_is_built_from_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "PREFECT_API_KEY", "PYTHONPATH", "VIRTUAL_ENV", "AWS_SECRET", "UV_PUBLISH_TOKEN"):
        monkeypatch.setenv(name, "leak")
    for name in ("LC_TIME", "https_proxy", "SSL_CERT_FILE", "UV_INDEX_URL", "MY_TOKEN"):
        monkeypatch.setenv(name, "wanted")
    built = environment("MY_TOKEN", "GIT_DIR", "NOT_SET", MISSION_RUN="r1")
    assert "leak" not in built.values()
    assert [built[n] for n in ("LC_TIME", "https_proxy", "SSL_CERT_FILE", "UV_INDEX_URL", "MY_TOKEN")] == ["wanted"] * 5
    assert (built["MISSION_RUN"], built["GIT_TERMINAL_PROMPT"], built["GIT_EDITOR"]) == ("r1", "0", "true")
    assert "NOT_SET" not in built


def test_path_does_not_lead_to_our_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours, active = f"{sys.prefix}/bin", tmp_path / "venv"
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    monkeypatch.setenv("PATH", f"{ours}:{active}/bin:/usr/bin::/bin")
    assert environment()["PATH"] == "/usr/bin:/bin"


def test_path_keeps_the_systems_programs_when_no_virtual_environment_is_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setenv("PATH", "/usr/bin:/bin:/no-cache")
    assert environment()["PATH"] == "/usr/bin:/bin:/no-cache"


def test_without_the_tools_there_is_no_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_: str) -> None:
        return None

    monkeypatch.setattr(shutil, "which", nowhere)
    assert containment.namespace.__wrapped__() == ()
    assert containment.death_signal.__wrapped__() == ()
