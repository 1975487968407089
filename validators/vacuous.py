"""Runs in which nothing was tested, by the closing lines of well-known test runners.

Each entry is measured on the runner's own output: pytest 8 ("no tests ran", "3 skipped in 0.01s"),
unittest ("Ran 0 tests", "OK (skipped=2)" after "Ran 2 tests"), Go ("[no test files]"), Cargo
("running 0 tests"), Jest and Vitest ("No tests found", "No test files found"), Node ("# tests 0").
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PYTEST_END = re.compile(r"^=*\s*((?:\d+ \w+,? ?)+) in [\d.]+s(?: \([^)]*\))?\s*=*$", re.MULTILINE)
_PYTEST_RAN = re.compile(r"\d+ (passed|failed|errors?|xpassed|xfailed)")
_UNITTEST_END = re.compile(r"^Ran (\d+) tests? in .*\n\n(\w+)(?: \((.*)\))?", re.MULTILINE)
_CARGO_END = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed;", re.MULTILINE)
_GO_LINE = re.compile(r"^(ok|FAIL|---|\?)\s+\S+.*$", re.MULTILINE)
_NODE_TESTS = re.compile(r"^(?:#|ℹ) tests (\d+)$", re.MULTILINE)
_JS_NONE = re.compile(r"^(?:No tests found|No test files found)", re.MULTILINE)


def nothing_ran(output: str) -> str | None:
    """Why this output of a test runner shows no test that ran, or None."""
    text = _ANSI.sub("", output)
    return next((reason for look in _RUNNERS if (reason := look(text))), None)


def _pytest(text: str) -> str | None:
    if re.search(r"^=*\s*no tests ran in ", text, re.MULTILINE):
        return "pytest collected no test"
    ends = [match[1] for match in _PYTEST_END.finditer(text)]
    if ends and not any(_PYTEST_RAN.search(end) for end in ends):
        return f"no test ran: {ends[-1].strip()}"
    return None


def _unittest(text: str) -> str | None:
    ends = _UNITTEST_END.findall(text)
    ran = sum(int(count) - _skipped(details) for count, _, details in ends)
    return "unittest ran no test" if ends and ran <= 0 else None


def _skipped(details: str) -> int:
    match = re.search(r"skipped=(\d+)", details)
    return int(match[1]) if match else 0


def _cargo(text: str) -> str | None:
    ends = _CARGO_END.findall(text)
    return "cargo ran no test" if ends and all(end == ("0", "0") for end in ends) else None


def _go(text: str) -> str | None:
    lines = [match[0] for match in _GO_LINE.finditer(text)]
    empty = [line for line in lines if "[no test files]" in line or "[no tests to run]" in line]
    return "go found no test" if empty and len(empty) == len(lines) else None


def _javascript(text: str) -> str | None:
    counts = [int(count) for count in _NODE_TESTS.findall(text)]
    empty = bool(_JS_NONE.search(text)) or (bool(counts) and sum(counts) == 0)
    return "the test runner found no test" if empty else None


_RUNNERS: list[Callable[[str], str | None]] = [_pytest, _unittest, _cargo, _go, _javascript]
