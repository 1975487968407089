from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.checks import FilesCheck
from validators import validator_for
from validators.base import Bench, Observation

Commit = Callable[..., str]
Owner = Callable[..., str]


@pytest.fixture
def base(repo: Path, owner: Owner) -> str:
    return owner(repo, "rev-parse", "HEAD")


def look(repo: Path, base: str, commit: str | None = None, **facts: list[str]) -> Observation:
    """What a files check says about `commit` (default: the base) in a checkout of the repository."""
    check = FilesCheck.model_validate({"kind": "files", **facts})
    bench = Bench(repo, repo.parent / "evidence", threading.Event(), commit or base, base)
    return validator_for(check).look(bench)


@pytest.mark.parametrize("pattern", ["a.txt", "b/c.txt", "*.txt", "b/**", "**/c.txt", "**/a.txt", "b"])
def test_files_that_exist_pass(repo: Path, base: str, pattern: str) -> None:
    found = look(repo, base, exist=[pattern])
    assert (found.status, found.reason) == ("passed", "all is as it should be among 2 tracked files")


@pytest.mark.parametrize("pattern", ["A.txt", "c.txt", "*.md", "a.txt/x"])
def test_a_pattern_that_nothing_matches_fails(repo: Path, base: str, pattern: str) -> None:
    found = look(repo, base, exist=["a.txt", pattern])
    assert (found.status, found.reason) == ("failed", f"no tracked file matches '{pattern}'")


def test_a_file_that_is_not_tracked_does_not_exist(repo: Path, base: str) -> None:
    (repo / "made.txt").touch()
    assert look(repo, base, exist=["made.txt"]).status == "failed"
    assert look(repo, base, absent=["made.txt"]).status == "passed"


def test_what_happened_to_the_checkout_does_not_matter(repo: Path, base: str, owner: Owner) -> None:
    owner(repo, "rm", "-q", "a.txt")
    assert look(repo, base, exist=["a.txt"], unchanged=["a.txt"]).status == "passed"
    assert look(repo, base, absent=["a.txt"]).status == "failed"


def test_a_file_that_should_be_absent_fails(repo: Path, base: str) -> None:
    found = look(repo, base, absent=["*.md", "**/*.txt"])
    assert (found.status, found.reason) == ("failed", "'**/*.txt' should match nothing, but there is a.txt, b/c.txt")


def test_many_files_are_counted(repo: Path, base: str, commit: Commit) -> None:
    tip = commit(repo, {f"many/{n:03}": "" for n in range(200)})
    assert look(repo, base, tip, absent=["many/**"]).reason.endswith("many/008, many/009 and 190 more")


def test_files_that_are_as_on_the_base_pass(repo: Path, base: str, commit: Commit) -> None:
    tip = commit(repo, {"a.txt": "changed\n"})
    assert look(repo, base, tip, unchanged=["b/**"]).status == "passed"


@pytest.mark.parametrize(
    ("files", "path"),
    [({"b/c.txt": "x"}, "b/c.txt"), ({"b/c.txt": None}, "b/c.txt"), ({"b/new": ""}, "b/new")],
    ids=str,
)
def test_a_difference_from_the_base_fails(
    repo: Path, base: str, commit: Commit, files: dict[str, str | None], path: str
) -> None:
    found = look(repo, base, commit(repo, files), unchanged=["a.txt", "b/**"])
    assert (found.status, found.reason) == ("failed", f"'b/**' is not as on the base: {path}")


def test_a_different_mode_is_a_difference(repo: Path, base: str, commit: Commit) -> None:
    (repo / "a.txt").chmod(0o755)
    assert look(repo, base, commit(repo, {}), unchanged=["a.txt"]).status == "failed"


def test_what_was_never_there_cannot_be_unchanged(repo: Path, base: str) -> None:
    found = look(repo, base, unchanged=["a.txt", "x/**"])
    assert found.status == "inconclusive"
    assert found.reason == "nothing matched 'x/**' on the base, so nothing can be unchanged"


def test_all_mistakes_are_told_at_once(repo: Path, base: str, commit: Commit) -> None:
    tip = commit(repo, {"a.txt": "x"})
    found = look(repo, base, tip, exist=["no"], absent=["b/**"], unchanged=["a.txt", "never"])
    assert found.status == "failed"
    assert found.reason.split("; ") == [
        "no tracked file matches 'no'",
        "'b/**' should match nothing, but there is b/c.txt",
        "'a.txt' is not as on the base: a.txt",
        "nothing matched 'never' on the base, so nothing can be unchanged",
    ]


def test_a_reason_has_an_end(repo: Path, base: str) -> None:
    assert len(look(repo, base, exist=[f"{n:0200}" for n in range(50)]).reason) <= 4000


@pytest.mark.parametrize("kind", ["exist", "absent", "unchanged"])
@pytest.mark.parametrize("pattern", ["../x", "/etc/passwd", "b/../../x"])
def test_a_pattern_that_leaves_the_repository_is_inconclusive(repo: Path, base: str, kind: str, pattern: str) -> None:
    found = look(repo, base, base, **{kind: [pattern]})
    assert found.status == "inconclusive"
    assert pattern in found.reason
    assert "is outside repository" in found.reason


def test_a_commit_without_files_proves_nothing(repo: Path, base: str, commit: Commit) -> None:
    tip = commit(repo, {"a.txt": None, "b/c.txt": None})
    assert look(repo, base, tip, absent=["x"]).status == "inconclusive"


def test_a_commit_that_is_not_here_is_inconclusive(repo: Path, base: str) -> None:
    assert look(repo, base, "1" * 40, exist=["a.txt"]).status == "inconclusive"
    assert look(repo, "1" * 40, base, unchanged=["a.txt"]).status == "inconclusive"


def test_a_path_of_any_bytes_can_be_told(repo: Path, base: str, owner: Owner) -> None:
    (repo / "line\nend \udcff").touch()
    owner(repo, "add", "-A")
    owner(repo, "commit", "-qm", "odd")
    found = look(repo, base, owner(repo, "rev-parse", "HEAD"), absent=["line*"])
    assert found.reason.endswith("there is line\N{REPLACEMENT CHARACTER}end \N{REPLACEMENT CHARACTER}")
