"""Runs in which nothing was tested, by the closing lines of well-known test runners.

Each entry is measured on the runner's own output: pytest 8 ("no tests ran", "3 skipped in 0.01s", with `-qq`
only "sss [100%]"), unittest ("Ran 0 tests", "OK (skipped=2)" after "Ran 2 tests"), Go ("[no test files]"), Cargo
("0 passed; 0 failed"), Jest and Vitest ("No tests found", "Tests: 3 skipped"), Node ("# pass 0"), Mocha ("0 passing").
No pattern may look past its own line or try a line twice: the output is anybody's, and up to 64 kB.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PYTEST_NONE = re.compile(r"^=*[ \t]*no tests ran in ", re.MULTILINE)
_PYTEST_END = re.compile(r"^=*[ \t]*(\d+ [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+s(?: \([^)\n]*\))?[ \t]*=*$", re.MULTILINE)
_PYTEST_RAN = re.compile(r"\d+ (passed|failed|errors?|xpassed|xfailed)")
_PYTEST_COLLECTED = re.compile(r"^=*[ \t]*(?:no|[\d/]+) tests? collected\b", re.MULTILINE)
_PYTEST_PROGRESS = re.compile(r"^([.sxXFE]+)[ \t]+\[[ \d]+%\]$", re.MULTILINE)
_UNITTEST_END = re.compile(r"^Ran (\d+) tests? in .*\n\n(\w+)(?: \((.*)\))?", re.MULTILINE)
_CARGO_END = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed;", re.MULTILINE)
_GO_LINE = re.compile(r"^(?:ok|FAIL|---|\?)[ \t]+\S.*$", re.MULTILINE)
_GO_EMPTY = re.compile(r"\[no test files\]|\[no tests to run\]|^--- SKIP: ")
_NODE_END = re.compile(r"^(?:#|ℹ) (?:pass|fail) (\d+)$", re.MULTILINE)
_MOCHA_END = re.compile(r"^[ \t]*(\d+) (?:passing|failing)\b", re.MULTILINE)
_JS_NONE = re.compile(r"^(?:No tests found|No test files found)", re.MULTILINE)
_JS_END = re.compile(r"^[ \t]*Tests:?[ \t]+(\d+ (?:passed|failed|skipped|todo)\b.*)$", re.MULTILINE)
_STARTS = r"(?:^|[;&(/]|\s-m|\brun|\bexec)[ \t]*(?:{})(?=[\s;&|)]|$)"
_SAYS_AT_THE_END = {
    "pytest": (
        re.compile(_STARTS.format(r"pytest|py\.test"), re.MULTILINE),
        re.compile(r"\d (?:passed|failed|errors?|skipped|xpassed|xfailed|deselected)\b|\[100%\]|\btests? collected\b"),
    ),
    "unittest": (re.compile(_STARTS.format("unittest"), re.MULTILINE), re.compile(r"^Ran \d+ test", re.MULTILINE)),
}
"""What starts a runner in a shell line, and what it prints unless something ended its process before."""
_NOT_SHOWN = re.compile(r">(?!&)|(?<!\|)\|(?!\|)|\$\(|`| -q{3,}| -p[ =]?no:terminal")
"""Shell lines whose output shows not all that a runner says."""


def nothing_ran(output: str) -> str | None:
    """Why this output of a test runner shows no test that ran, or None."""
    text = _ANSI.sub("", output)
    return next((reason for look in _RUNNERS if (reason := look(text))), None)


def denied(run: str, output: str) -> str | None:
    """Why exit code 0 of the shell lines `run` is not a test runner's own, or None.

    What is tested runs in the runner's process and can end it with any exit code, before the end and at the end.
    """
    text = _ANSI.sub("", output)
    ends = [end for end in _PYTEST_END.findall(text) if _PYTEST_RAN.search(end)]
    if ends and re.search(r"\d (?:failed|errors?)\b", ends[-1]):
        return f"exit code 0 although pytest says: {ends[-1]}"
    if (last := _UNITTEST_END.findall(text)[-1:]) and last[0][1] == "FAILED":
        return f"exit code 0 although unittest says: FAILED ({last[0][2]})"
    if _NOT_SHOWN.search(run):
        return None
    silent = [
        runner for runner, (starts, says) in _SAYS_AT_THE_END.items() if starts.search(run) and not says.search(text)
    ]
    return f"exit code 0, but {silent[0]} did not come to its end: it says nothing of any test" if silent else None


def _pytest(text: str) -> str | None:
    if _PYTEST_NONE.search(text):
        return "pytest collected no test"
    ends = _PYTEST_END.findall(text)
    if any(_PYTEST_RAN.search(end) for end in ends):
        return None
    if ends:
        return f"no test ran: {ends[-1]}"
    if _PYTEST_COLLECTED.search(text):
        return "pytest only collected tests"
    progress = "".join(_PYTEST_PROGRESS.findall(text))
    return "pytest skipped every test" if progress and not progress.strip("s") else None


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
    """With `-v` a package of skipped tests is `ok` all the same."""
    lines = _GO_LINE.findall(text)
    tests = [line for line in lines if line.startswith("---")]
    empty = [line for line in tests or lines if _GO_EMPTY.search(line)]
    return "go ran no test" if empty and len(empty) == len(tests or lines) else None


def _javascript(text: str) -> str | None:
    counts = [int(count) for end in (_NODE_END, _MOCHA_END) for count in end.findall(text)]
    ends = _JS_END.findall(text)
    skipped = bool(ends) and not any(re.search(r"\d (?:passed|failed)", end) for end in ends)
    none = bool(_JS_NONE.search(text)) or (bool(counts) and sum(counts) == 0)
    return "the test runner ran no test" if none or skipped else None


_RUNNERS: list[Callable[[str], str | None]] = [_pytest, _unittest, _cargo, _go, _javascript]
