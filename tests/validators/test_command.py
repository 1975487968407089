from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from blueprints.checks import CommandCheck
from validators import validator_for
from validators.base import Bench, Observation, VerdictStatus

PYTHON = sys.executable


def look(folder: Path, line: str, *, timeout: float = 60, stop: threading.Event | None = None) -> Observation:
    """What the check of a shell line says about the checkout in `folder`."""
    check = CommandCheck.model_validate({"kind": "command", "run": line, "timeout": timeout})
    (folder / "checkout").mkdir(exist_ok=True)
    bench = Bench(folder / "checkout", folder / "evidence", stop or threading.Event())
    return validator_for(check).look(bench)


def test_a_command_that_exits_0_passes(tmp_path: Path) -> None:
    finding = look(tmp_path, "echo all is well")
    assert finding == Observation(VerdictStatus.PASSED, "exit code 0", 0)


def test_it_runs_in_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "here").touch()
    assert look(tmp_path, "test -f here").status == "passed"


@pytest.mark.parametrize("code", [1, 2, 5, 125, 200, 255])
def test_a_command_that_exits_otherwise_fails_with_its_exit_code(tmp_path: Path, code: int) -> None:
    finding = look(tmp_path, f"echo the reason; exit {code}")
    assert (finding.status, finding.exit_code) == ("failed", code)
    assert finding.reason == f"exit code {code}: the reason"


def test_a_failure_shows_the_end_of_the_output(tmp_path: Path) -> None:
    finding = look(tmp_path, "seq 100000; echo '1 error' >&2; exit 1")
    assert finding.reason.endswith("99999\n100000\n1 error")
    assert len(finding.reason) < 2000


def test_a_failure_without_output_says_so(tmp_path: Path) -> None:
    assert look(tmp_path, "exit 1").reason == "exit code 1: it printed nothing"


def test_all_output_is_kept_as_evidence(tmp_path: Path) -> None:
    look(tmp_path, "seq 30000")
    assert (tmp_path / "evidence" / "output.log").read_text() == "".join(f"{n}\n" for n in range(1, 30001))


@pytest.mark.parametrize("line", ["false | true", "cd nowhere; true", "echo $NO_SUCH_VARIABLE"])
def test_a_command_stops_at_its_first_mistake(tmp_path: Path, line: str) -> None:
    assert look(tmp_path, line).status == "failed"


def test_a_command_that_is_not_found_is_inconclusive(tmp_path: Path) -> None:
    finding = look(tmp_path, "no-program-of-this-name --quiet")
    assert (finding.status, finding.exit_code) == ("inconclusive", 127)
    assert "not found" in finding.reason


def test_a_command_that_is_not_executable_is_inconclusive(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "run.sh").write_text("exit 0\n")
    finding = look(tmp_path, "./run.sh")
    assert (finding.status, finding.exit_code) == ("inconclusive", 126)


@pytest.mark.parametrize("name", ["KILL", "SEGV", "TERM", "ABRT"])
def test_a_command_that_dies_by_a_signal_is_inconclusive(tmp_path: Path, name: str) -> None:
    for line in (f"kill -{name} $$", f"bash -c 'kill -{name} $$'"):
        finding = look(tmp_path, line)
        assert finding.status == "inconclusive"
        assert "ended by signal" in finding.reason


def test_a_command_that_takes_too_long_is_inconclusive(tmp_path: Path) -> None:
    finding = look(tmp_path, "echo begun; sleep 1000", timeout=0.3)
    assert (finding.status, finding.exit_code) == ("inconclusive", None)
    assert finding.reason == "still running after its time limit of 0.3 s"


def test_a_command_of_a_stopped_mission_is_inconclusive(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    finding = look(tmp_path, "sleep 1000", stop=stop)
    assert (finding.status, finding.reason) == ("inconclusive", "the mission was stopped during the check")


def test_a_checkout_that_is_gone_is_inconclusive(tmp_path: Path) -> None:
    (tmp_path / "checkout").touch()
    check = CommandCheck.model_validate({"kind": "command", "run": "echo x"})
    finding = validator_for(check).look(Bench(tmp_path / "checkout", tmp_path / "evidence", threading.Event()))
    assert finding.status == "inconclusive"
    assert "could not be started" in finding.reason


@pytest.mark.parametrize("code", [0, 5])
def test_a_run_of_no_test_is_inconclusive_whatever_its_exit_code(tmp_path: Path, code: int) -> None:
    finding = look(tmp_path, f"echo 'no tests ran in 0.01s'; exit {code}")
    assert (finding.status, finding.reason) == ("inconclusive", "pytest collected no test")


@pytest.mark.parametrize("runner", ["pytest -q -p no:cacheprovider", "unittest"])
def test_a_suite_without_tests_is_inconclusive(tmp_path: Path, runner: str) -> None:
    assert look(tmp_path, f"{PYTHON} -m {runner}").status == "inconclusive"


def test_a_suite_that_skips_some_passes(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    suite = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"
    suite += "    @unittest.skip('not here')\n    def test_b(self): pass\n"
    (tmp_path / "checkout" / "test_it.py").write_text(suite)
    assert look(tmp_path, f"{PYTHON} -m unittest").status == "passed"


def test_no_process_of_a_check_outlives_it(tmp_path: Path) -> None:
    look(tmp_path, "(sleep 1000; touch ../late) & echo $! > ../pid")
    still = look(tmp_path, f"kill -0 {(tmp_path / 'pid').read_text().strip()}")
    assert still.status == "failed"


def test_a_check_does_not_see_the_engine_s_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    finding = look(tmp_path, 'test -z "${PYTHONPATH-}${SOME_TOKEN-}${VIRTUAL_ENV-}"')
    assert finding.status == "passed"
