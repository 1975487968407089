from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from blueprints.reach import is_plain, meet, meeting
from workspaces.process import environment

EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/**", "src/app.py"),
        ("src", "src/app.py"),
        ("src/", "src/v1.2/app.py"),
        ("src/v1.2", "src/v1.2/app.py"),
        ("**", "anything/at/all.py"),
        ("**/test_*.py", "test_csv.py"),
        ("src/**/view.ts", "src/view.ts"),
        ("src/*.py", "src/[a-c]?p.py"),
        ("a*c.py", "ab*.py"),
        ("./src/app.py", "src//app.py"),
        ("a/**/b/**/c.py", "**/x/**"),
        ("[a-m]*", "[!a-l]x"),
        ("a**", "a/b"),
    ],
)
def test_patterns_that_one_file_can_match_meet(one: str, other: str) -> None:
    assert meet(one, other)
    assert meet(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/**", "docs/**"),
        ("src/*.py", "src/deep/app.py"),
        ("**/test_*.py", "src/app.py"),
        ("src/export", "src/exporter"),
        ("a*.py", "b*.py"),
        ("*.py", "*.ts"),
        ("[a-f]*", "[g-z]*"),
        ("[!a-f]x", "[b-d]x"),
        ("[.-0]", "a"),
        (r"\*.py", "a.py"),
        ("a/**/b/**/b.py", "a/" + "**/a/" * 60 + "c.py"),
    ],
)
def test_patterns_without_a_file_in_common_do_not(one: str, other: str) -> None:
    assert not meet(one, other)
    assert not meet(other, one)


PATTERNS = [
    "a",
    "a/",
    "a/**",
    "a/*",
    "a/*/*",
    "a**",
    "a**/x.c",
    "**/x",
    "**/a/**",
    "?/x*",
    "[ab]/x",
    "[!a]/x",
    "[^b]/**",
    "[!-0]/*",
    "*.c",
    "x.c",
    "*/[x-y].c",
    "a/**/x.c",
    "[]x]",
    "\\x",
    "a/[[:alpha:]]/x",
    "b/a",
    "b/a/*.c",
    "**/?.c",
    "**",
    "*",
    "[x-]",
    "./b//a",
    "a/b/a/x",
]


def test_whatever_git_finds_by_two_patterns_lets_them_meet(new_repo: Callable[..., Path]) -> None:
    repo = new_repo()
    folders = ["", "a/", "b/", "a/a/", "a/b/", "b/a/", "a/b/a/"]
    paths = [folder + name for folder in folders for name in ("x", "y", "x.c", "-", "]")]
    _git(repo, "update-index", "--add", "--index-info", stdin="".join(f"100644 {EMPTY}\t{path}\n" for path in paths))
    found = {pattern: set(_git(repo, "ls-files", f":(glob){pattern}").split("\n")) - {""} for pattern in PATTERNS}
    pairs = [(a, b) for a, b in combinations_with_replacement(PATTERNS, 2) if found[a] & found[b]]
    assert len(pairs) > 200
    assert [(a, b) for a, b in pairs if not meet(a, b)] == []


def _git(repo: Path, *words: str, stdin: str = "") -> str:
    argv = ["git", "-C", str(repo), *words]
    return subprocess.run(argv, env=environment(), input=stdin, check=True, capture_output=True, text=True).stdout


def test_each_name_gets_those_that_touch_the_same() -> None:
    touches = {"a": ["src/**"], "b": ["docs/x.md", "src/b.py"], "c": ["docs"], "d": [], "e": ["**/*.py"], "f": ["g.c"]}
    assert meeting(touches) == {
        "a": {"b", "e"},
        "b": {"a", "c", "e"},
        "c": {"b", "e"},
        "d": set(),
        "e": {*"abc"},
        "f": set(),
    }


def test_meetings_are_those_of_any_two_patterns() -> None:
    found = meeting({pattern: [pattern] for pattern in PATTERNS})
    assert found == {one: {other for other in PATTERNS if other != one and meet(one, other)} for one in PATTERNS}


@pytest.mark.parametrize(("pattern", "plain"), [("src/app.py", True), ("a b", True), ("*", False), (r"\*", False)])
def test_a_plain_path_has_no_signs_of_a_pattern(pattern: str, plain: bool) -> None:
    assert is_plain(pattern) is plain
