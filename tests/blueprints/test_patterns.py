"""Path patterns stay inside, and regular expressions can be read."""

# ruff: noqa: E501 - messages stand in one piece, as the user sees them

from __future__ import annotations

from collections.abc import Callable

import pytest

Mistakes = Callable[..., list[str]]

ROOT = "write it relative to the repository's root, such as src/**"
OUTSIDE = [
    ("/etc/**", "is absolute"),
    ("~/x", "is absolute"),
    ("C:/x", "is absolute"),
    ("..\\x", "leaves its folder"),
    ("a/../../x", "leaves its folder"),
    ("-x", "starts with '-'"),
]
KEYS = [
    ("{kind: command, run: x, uses: ['?']}", "uses[0]"),
    ("{kind: junit, run: x, junit: '?'}", "junit"),
    ("{kind: coverage, run: x, report: '?', minimum: 1}", "report"),
    ("{kind: coverage, run: x, report: y, minimum: 1, paths: ['?']}", "paths[0]"),
    ("{kind: pytest, paths: [x, '?']}", "paths[1]"),
    ("{kind: codebase, pattern: x, paths: ['?']}", "paths[0]"),
    ("{kind: files, exist: ['?']}", "exist[0]"),
    ("{kind: files, absent: ['?']}", "absent[0]"),
    ("{kind: files, unchanged: ['?']}", "unchanged[0]"),
    ("{kind: browser, service: app, steps: [{goto: /}, {upload: {target: x, file: '?'}}]}", "steps[1].upload.file"),
]


def checked(base: str, check: str) -> str:
    text = base.replace("{kind: command, run: pytest -q}", check)
    return text + "services: {app: {start: serve}}\n"


@pytest.mark.parametrize(("pattern", "reason"), OUTSIDE)
@pytest.mark.parametrize(("check", "key"), KEYS)
def test_files_of_a_check_are_in_the_repository(
    mistakes: Mistakes, base: str, check: str, key: str, pattern: str, reason: str
) -> None:
    assert mistakes(checked(base, check.replace("?", pattern))) == [
        f"todo.yaml:6: validators[0].{key}: '{pattern}' {reason}; {ROOT}"
    ]


def test_test_files_are_in_the_repository(mistakes: Mistakes, base: str) -> None:
    text = base + "tests: {paths: [a, ../b], check: {kind: pytest, paths: [/c]}}\n"
    assert mistakes(text) == [
        f"todo.yaml:12: tests.paths[1]: '../b' leaves its folder; {ROOT}",
        f"todo.yaml:12: tests.check.paths[0]: '/c' is absolute; {ROOT}",
    ]


def test_evidence_is_in_its_folder(mistakes: Mistakes, base: str) -> None:
    text = base.replace("fulfills: [], because: Groundwork.", "fulfills: [VAL-A-001]", 1)
    text += "contract: {VAL-A-001: {says: x, check: {kind: manual}, evidence: ['*.png', /tmp/x]}}\n"
    assert mistakes(text) == [
        "todo.yaml:12: contract.VAL-A-001.evidence[1]: '/tmp/x' is absolute; write it relative to the folder of evidence, such as *.png"
    ]


def test_a_test_s_id_is_no_option(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: pytest, tests: [a.py::b, -pno:x]}")) == [
        "todo.yaml:6: validators[0].tests[1]: '-pno:x' starts with '-'; write the id of a test or its beginning"
    ]


EXPRESSIONS = [
    ("{kind: codebase, pattern: '?'}", "pattern"),
    ("{kind: http, service: app, expect: {text: '?'}}", "expect.text"),
    ("{kind: http, service: app, expect: {headers: {A: '?'}}}", "expect.headers.A"),
    ("{kind: browser, service: app, steps: [{expect: {url: '?'}}]}", "steps[0].expect.url"),
    ("{kind: browser, service: app, steps: [{expect: {title: '?'}}]}", "steps[0].expect.title"),
]
ADVICE = "correct it, and put a backslash before a sign that stands for itself"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a(b", "missing ), unterminated subpattern at character 2"),
        ("*", "nothing to repeat at character 1"),
        ("[a", "unterminated character set at character 1"),
        ("a{99999999999}", "it repeats or nests too much"),
    ],
)
@pytest.mark.parametrize(("check", "key"), EXPRESSIONS)
def test_a_regular_expression_can_be_read(
    mistakes: Mistakes, base: str, check: str, key: str, expression: str, reason: str
) -> None:
    assert mistakes(checked(base, check.replace("?", expression))) == [
        f"todo.yaml:6: validators[0].{key}: '{expression}' is not a regular expression: {reason}; {ADVICE}"
    ]


def test_a_very_deep_regular_expression_is_refused(mistakes: Mistakes, base: str) -> None:
    (line,) = mistakes(checked(base, f"{{kind: codebase, pattern: '{'(' * 1900}x{')' * 1900}'}}"))
    assert "it repeats or nests too much" in line


@pytest.mark.parametrize("expression", ["^/notes$", "[[a]", "a|b", "\\d+", "x{2}"])
def test_what_python_reads_is_fine(mistakes: Mistakes, base: str, expression: str) -> None:
    assert mistakes(checked(base, f"{{kind: codebase, pattern: '{expression}'}}")) == []


def test_text_to_be_seen_is_no_regular_expression(mistakes: Mistakes, base: str) -> None:
    assert mistakes(checked(base, "{kind: browser, service: app, steps: [{expect: {text: '(a'}}]}")) == []
