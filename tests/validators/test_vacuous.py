"""Whether anything was tested, by what test runners print; those that come with Python are really run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from validators.vacuous import denied, nothing_ran

PASS = "def test_pass():\n    pass\n"
FAIL = "def test_fail():\n    assert False\n"
SKIP = "import pytest\n@pytest.mark.skip\ndef test_skip():\n    pass\n"
SKIP_FILE = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
XFAIL = "import pytest\n@pytest.mark.xfail\ndef test_xfail():\n    assert False\n"


def say(folder: Path, *argv: str, **files: str) -> str:
    """What a runner prints about files named `test_<name>.py`."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, *argv], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def pytest_says(folder: Path, *options: str, **files: str) -> str:
    return say(folder, "-m", "pytest", "-p", "no:cacheprovider", *options, **files)


def unittest_says(folder: Path, *bodies: str) -> str:
    methods = "".join(f"    {body}\n" for body in bodies)
    suite = f"import unittest\nclass T(unittest.TestCase):\n    x = 1\n{methods}"
    return say(folder, "-m", "unittest", **({"it": suite} if bodies else {}))


@pytest.mark.parametrize("options", [[], ["-q"], ["-qq"], ["-v", "--color=yes"]], ids=str)
def test_a_pytest_run_that_skips_everything_tests_nothing(tmp_path: Path, options: list[str]) -> None:
    assert nothing_ran(pytest_says(tmp_path, *options, skip=SKIP, file=SKIP_FILE))


@pytest.mark.parametrize("text", ["", SKIP_FILE], ids=["empty", "skipped"])
def test_a_pytest_run_without_tests_tests_nothing(tmp_path: Path, text: str) -> None:
    assert nothing_ran(pytest_says(tmp_path, file=text))


@pytest.mark.parametrize("options", [["-k", "other"], ["--collect-only"], ["--collect-only", "-q"]], ids=str)
def test_a_pytest_run_that_selects_or_only_collects_tests_nothing(tmp_path: Path, options: list[str]) -> None:
    assert nothing_ran(pytest_says(tmp_path, *options, good=PASS))


@pytest.mark.parametrize("options", [[], ["-q", "-rA"], ["-qq"], ["-v", "--color=yes"]], ids=str)
def test_a_pytest_run_that_skips_some_tests_something(tmp_path: Path, options: list[str]) -> None:
    assert nothing_ran(pytest_says(tmp_path, *options, good=PASS, skip=SKIP)) is None


@pytest.mark.parametrize(
    "text", [FAIL, XFAIL, "import nothing_of_this_name\n"], ids=["failed", "expected to fail", "broken"]
)
def test_a_pytest_run_without_a_pass_tests_something(tmp_path: Path, text: str) -> None:
    assert nothing_ran(pytest_says(tmp_path, "-q", file=text)) is None


def test_a_pytest_run_that_deselects_some_tests_something(tmp_path: Path) -> None:
    assert nothing_ran(pytest_says(tmp_path, "-k", "pass", good=PASS, bad=FAIL)) is None


def test_a_unittest_run_without_tests_tests_nothing(tmp_path: Path) -> None:
    assert nothing_ran(unittest_says(tmp_path))


def test_a_unittest_run_that_skips_everything_tests_nothing(tmp_path: Path) -> None:
    skip = "def test_{0}(self): self.skipTest('not here')"
    assert nothing_ran(unittest_says(tmp_path, skip.format("a"), skip.format("b")))


@pytest.mark.parametrize(
    "bodies",
    [
        pytest.param(["def test_a(self): pass"], id="passed"),
        pytest.param(["def test_a(self): self.fail()"], id="failed"),
        pytest.param(["def test_a(self): pass", "def test_b(self): self.skipTest('x')"], id="some skipped"),
        pytest.param(["def test_a(self): self.fail()", "def test_b(self): self.skipTest('x')"], id="failed, skipped"),
        pytest.param(["@unittest.expectedFailure", "def test_a(self): self.fail()"], id="expected to fail"),
    ],
)
def test_a_unittest_run_of_some_tests_tests_something(tmp_path: Path, bodies: list[str]) -> None:
    assert nothing_ran(unittest_says(tmp_path, *bodies)) is None


def test_newer_unittest_says_it_in_other_words() -> None:
    assert nothing_ran("\n" + "-" * 70 + "\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n")
    assert nothing_ran("s\n" + "-" * 70 + "\nRan 1 test in 0.000s\n\nOK (skipped=1)\n")


CARGO = """
running {ran} tests
test result: ok. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out; finished in 0.00s
"""
NODE = "1..1\n{0} tests {1}\n{0} suites 0\n{0} pass {2}\n{0} fail {3}\n{0} cancelled 0\n{0} skipped {4}\n{0} todo 0\n"
VACUOUS = {
    "go without test files": "?   \texample.com/a\t[no test files]\n?   \texample.com/b\t[no test files]\n",
    "go that selects nothing": "testing: warning: no tests to run\nPASS\nok  \tx.com/a\t0.002s [no tests to run]\n",
    "go that skips all, verbose": "=== RUN   TestA\n--- SKIP: TestA (0.00s)\nPASS\nok  \texample.com/a\t0.002s\n",
    "cargo without tests": CARGO.format(ran=0, passed=0, failed=0, ignored=0),
    "cargo that ignores all": CARGO.format(ran=2, passed=0, failed=0, ignored=2),
    "cargo without unit and doc tests": CARGO.format(ran=0, passed=0, failed=0, ignored=0) * 2,
    "jest without tests": "No tests found, exiting with code 0\nRun with `--passWithNoTests`\n",
    "jest that skips all": "Test Suites: 1 skipped, 0 of 1 total\nTests:       3 skipped, 3 total\n",
    "jest with plans only": "Tests:       1 skipped, 2 todo, 3 total\n",
    "vitest without tests": "\nNo test files found, exiting with code 0\n",
    "vitest that skips all": " Test Files  1 skipped (1)\n      Tests  3 skipped (3)\n   Start at  10:00:00\n",
    "node without tests": NODE.format("#", 0, 0, 0, 0),
    "node that skips all": NODE.format("#", 1, 0, 0, 1),
    "node that skips all, for people": NODE.format("ℹ", 1, 0, 0, 1),
    "mocha without tests": "\n\n  0 passing (1ms)\n\n",
    "mocha that skips all": "\n  0 passing (2ms)\n  3 pending\n\n",
}
TESTED = {
    "go": "ok  \texample.com/a\t0.002s\n?   \texample.com/b\t[no test files]\n",
    "go, verbose": "--- PASS: TestA (0.00s)\n--- SKIP: TestB (0.00s)\nPASS\nok  \texample.com/a\t0.002s\n",
    "go, failing": "--- FAIL: TestA (0.00s)\nFAIL\nFAIL\texample.com/a\t0.002s\n",
    "cargo": CARGO.format(ran=3, passed=3, failed=0, ignored=0) + CARGO.format(ran=0, passed=0, failed=0, ignored=0),
    "cargo, failing": CARGO.format(ran=3, passed=0, failed=3, ignored=0),
    "jest": "Tests:       1 skipped, 2 passed, 3 total\n",
    "jest, failing": "Tests:       1 failed, 1 skipped, 2 total\n",
    "vitest": "      Tests  2 passed | 1 skipped (3)\n",
    "node": NODE.format("#", 3, 2, 0, 1),
    "node, failing": NODE.format("ℹ", 1, 0, 1, 0),
    "mocha": "\n  2 passing (2ms)\n  3 pending\n\n",
    "mocha, failing": "\n  0 passing (2ms)\n  1 failing\n\n",
    "no runner at all": "compiled\n12 files, no problems\n",
    "nothing": "",
}


@pytest.mark.parametrize("output", VACUOUS.values(), ids=VACUOUS)
def test_other_runners_tell_that_nothing_was_tested(output: str) -> None:
    assert nothing_ran(output)


@pytest.mark.parametrize("output", TESTED.values(), ids=TESTED)
def test_other_runners_tell_that_something_was_tested(output: str) -> None:
    assert nothing_ran(output) is None


@pytest.mark.parametrize("piece", ["12 ", "1 a, ", "1 passed, ", "=", "ok ", "Ran 1 ", "s", " ", "\n", "# ", "("])
def test_output_of_any_kind_is_read_to_its_end(piece: str) -> None:
    assert nothing_ran(piece * (64_000 // len(piece))) is None
    assert nothing_ran((piece * 2000 + "\n") * 10) is None


@pytest.mark.parametrize(
    ("run", "output"),
    [
        ("pytest -q", "collected 3 items\n"),
        ("uv run pytest tests", ""),
        ("cd x && python3 -m pytest", "...\n"),
        ("python3 -m unittest", "...\n"),
        ("python3 -m pytest || true", "==== 1 failed, 2 passed in 0.12s ====\n"),
        ("make test; true", "Ran 3 tests in 0.1s\n\nFAILED (failures=1)\n"),
    ],
)
def test_exit_code_0_is_not_believed_against_the_runner_s_own_words(run: str, output: str) -> None:
    assert denied(run, output)


@pytest.mark.parametrize(
    ("run", "output"),
    [
        ("pytest -q", "3 passed in 0.01s\n"),
        ("pytest -q > log", ""),
        ("pytest -q | tail -1", ""),
        ("pytest -qqq", ""),
        ("python3 -m unittest", "Ran 3 tests in 0.1s\n\nOK\n"),
        ("make test", ""),
        ("test -e /tmp/pytest-of-somebody/x", ""),
        ("cat pytest.ini", ""),
    ],
)
def test_exit_code_0_is_believed_where_the_output_need_not_tell(run: str, output: str) -> None:
    assert denied(run, output) is None
