from __future__ import annotations

import pytest

from agents.reach import may_meet


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/**", "src/app.py"),
        ("src", "src/app.py"),
        ("src/", "src/v1.2/app.py"),
        ("**", "anything/at/all.py"),
        ("**/test_*.py", "tests/test_csv.py"),
        ("**/test_*.py", "test_csv.py"),
        ("src/**/view.ts", "src/view.ts"),
        ("src/*.py", "src/[a-c]?p.py"),
        ("a*c.py", "ab*.py"),
        ("./src/app.py", "src//app.py"),
        ("a/**/b/**/c.py", "**/x/**"),
    ],
)
def test_patterns_that_one_file_can_match_meet(one: str, other: str) -> None:
    assert may_meet([one], [other])
    assert may_meet([other], ["nowhere.txt", one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/**", "docs/**"),
        ("src/*.py", "src/deep/app.py"),
        ("**/test_*.py", "src/app.py"),
        ("src/app.py", "src/app.py/more.py"),
        ("src/export", "src/exporter"),
        ("a*.py", "b*.py"),
        ("*.py", "*.ts"),
        ("a/**/b/**/b.py", "a/" + "**/a/" * 60 + "c.py"),
    ],
)
def test_patterns_without_a_file_in_common_do_not(one: str, other: str) -> None:
    assert not may_meet([one], [other])
    assert not may_meet([other], [one])


def test_no_pattern_means_everything() -> None:
    assert may_meet([], ["src/**"])
    assert may_meet(["src/**"], [])
    assert may_meet([], [])
