from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.checks import CodebaseCheck
from validators import validator_for
from validators.base import Bench, Observation

Commit = Callable[..., str]
Owner = Callable[..., str]
NewRepo = Callable[..., Path]


def look(repo: Path, pattern: str, *paths: str, stop: threading.Event | None = None, **keys: object) -> Observation:
    """What a codebase check says about what is committed in `repo`."""
    where = {"paths": list(paths)} if paths else {}
    check = CodebaseCheck.model_validate({"kind": "codebase", "pattern": pattern, **where, **keys})
    head = (repo / ".git" / "refs" / "heads" / "main").read_text().strip()
    return validator_for(check).look(Bench(repo, repo.parent / "evidence", stop or threading.Event(), head, head))


def listed(repo: Path) -> list[str]:
    return (repo.parent / "evidence" / "matches.txt").read_text().splitlines()


def test_a_pattern_that_is_present_passes_with_its_place(new_repo: NewRepo) -> None:
    repo = new_repo(files={"a.py": "one\ntwo\n", "src/b.py": "\n\n  three = 3\n"})
    found = look(repo, "three *=")
    assert (found.status, found.reason) == ("passed", "found in src/b.py:3")


def test_more_matches_are_counted_and_kept(new_repo: NewRepo) -> None:
    repo = new_repo(files={"a.py": "x1\nno\nx2\n", "b.py": "x3"})
    assert look(repo, r"x\d").reason == "found in a.py:1 (and 2 more)"
    assert listed(repo) == ["a.py:1: x1", "a.py:3: x2", "b.py:1: x3"]


def test_a_pattern_that_is_not_present_fails(repo: Path) -> None:
    found = look(repo, "three")
    assert (found.status, found.reason) == ("failed", "not found in 2 files")
    assert not (repo.parent / "evidence").exists()


def test_a_pattern_that_is_absent_passes(repo: Path) -> None:
    found = look(repo, "three", expect="absent")
    assert (found.status, found.reason) == ("passed", "not found in 2 files")


def test_a_pattern_that_should_be_absent_fails_with_its_places(repo: Path) -> None:
    found = look(repo, "^t|^o", expect="absent")
    assert (found.status, found.reason) == ("failed", "found in 2 files:\na.txt:1: one\nb/c.txt:1: two")


def test_a_failure_shows_ten_places_and_the_evidence_a_thousand(new_repo: NewRepo) -> None:
    repo = new_repo(files={"a": "x\n" * 1500})
    lines = look(repo, "x", expect="absent").reason.splitlines()
    assert lines[1:] == [*(f"a:{n}: x" for n in range(1, 11)), "and 1490 more"]
    assert listed(repo)[-2:] == ["a:1000: x", "and 500 more"]


def test_long_and_odd_lines_are_shown_short_and_plain(new_repo: NewRepo) -> None:
    repo = new_repo(files={"long": "\x1b[1mé\u20ac" + "x" * 10_000})
    look(repo, "x")
    assert listed(repo) == ["long:1: \N{REPLACEMENT CHARACTER}[1mé\u20ac" + "x" * 194]


@pytest.mark.parametrize(
    ("pattern", "found"), [("One", False), ("one.two", False), ("^two$", True), ("^$", False), ("one\\r", False)]
)
def test_it_is_searched_line_by_line(new_repo: NewRepo, pattern: str, found: bool) -> None:
    repo = new_repo(files={"a": "\ufeffone\r\ntwo\r\n", "empty": ""})
    assert look(repo, pattern).status == ("passed" if found else "failed")


def test_a_byte_order_mark_is_no_part_of_the_first_line(new_repo: NewRepo) -> None:
    assert look(new_repo(files={"a": "\ufeffone\n"}), "^one$").status == "passed"


def test_only_the_given_paths_are_searched(repo: Path) -> None:
    assert look(repo, "two", "*.txt").reason == "not found in 1 file"
    assert look(repo, "two", "b/**").status == "passed"


def test_paths_that_match_no_file_are_inconclusive(repo: Path) -> None:
    found = look(repo, "one", "src/**", "lib/*.py", expect="absent")
    assert (found.status, found.reason) == ("inconclusive", "no tracked file matches src/**, lib/*.py")


def test_a_path_that_leaves_the_repository_is_inconclusive(repo: Path) -> None:
    found = look(repo, "root", "../**")
    assert found.status == "inconclusive"
    assert "is outside repository" in found.reason


def test_only_what_is_committed_is_searched(repo: Path) -> None:
    (repo / "made.txt").write_text("three\n")
    (repo / "a.txt").write_text("three\n")
    assert look(repo, "three").status == "failed"
    assert look(repo, "one").status == "passed"


def test_binary_and_large_files_are_skipped_and_counted(new_repo: NewRepo) -> None:
    repo = new_repo(files={"a": "x\n", "binary": b"three\0", "large": "three\n" * 900_000})
    assert look(repo, "three").reason == "not found in 1 file (2 files skipped: binary, larger than 5 MB or a link)"


def test_links_are_not_followed(repo: Path, owner: Owner) -> None:
    (repo / "link").symlink_to("/etc/passwd")
    owner(repo, "add", "-A")
    owner(repo, "commit", "-qm", "link")
    assert look(repo, "root").reason.startswith("not found in 2 files (1 file skipped")


def test_only_skipped_files_are_inconclusive(new_repo: NewRepo) -> None:
    found = look(new_repo(files={"binary": b"\0"}), "x", expect="absent")
    assert found.status == "inconclusive"
    assert found.reason == "nothing was searched: 1 file skipped: binary, larger than 5 MB or a link"


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "(?P<n>", "a{2,1}", "\\"])
def test_a_pattern_that_is_no_regular_expression_is_inconclusive(repo: Path, pattern: str) -> None:
    found = look(repo, pattern, expect="absent")
    assert found.status == "inconclusive"
    assert found.reason.startswith("the pattern is not a regular expression: ")


def test_a_pattern_that_python_warns_of_is_one(repo: Path) -> None:
    assert look(repo, "[[o]ne").status == "passed"


def test_undecodable_bytes_are_searched_around(new_repo: NewRepo) -> None:
    repo = new_repo(files={"a": b"caf\xe9 three\n"})
    assert look(repo, "three").status == "passed"
    assert listed(repo) == ["a:1: caf\N{REPLACEMENT CHARACTER} three"]


def test_paths_of_any_bytes_are_shown(repo: Path, owner: Owner) -> None:
    (repo / "odd\n\udcff").write_text("three")
    owner(repo, "add", "-A")
    owner(repo, "commit", "-qm", "odd")
    odd = "odd\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert look(repo, "three").reason == f"found in {odd}:1"
    assert listed(repo) == [f"{odd}:1: three"]


def test_a_pattern_that_never_ends_is_inconclusive(new_repo: NewRepo) -> None:
    found = look(new_repo(files={"a": "a" * 60 + "b\n"}), "^(a+)+$", timeout=0.5, expect="absent")
    assert (found.status, found.reason) == ("inconclusive", "still running after its time limit of 0.5 s")


def test_a_search_of_a_stopped_mission_is_inconclusive(repo: Path) -> None:
    stop = threading.Event()
    stop.set()
    found = look(repo, "three", expect="absent", stop=stop)
    assert (found.status, found.reason) == ("inconclusive", "the mission was stopped during the check")


def test_a_file_that_cannot_be_read_is_inconclusive(repo: Path, owner: Owner) -> None:
    blob = owner(repo, "rev-parse", "HEAD:a.txt")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = look(repo, "three", expect="absent")
    assert found.status == "inconclusive"
    assert found.reason.startswith("the search did not work")


def test_a_file_of_the_checkout_is_not_run_by_the_search(new_repo: NewRepo) -> None:
    repo = new_repo(files={"json.py": "raise SystemExit('doctored')\n", "re.py": "raise SystemExit\n"})
    assert look(repo, "doctored").status == "passed"
