from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workspaces import git
from workspaces.collisions import Overlap, overlap, overlaps

Commit = Callable[..., str]
Files = dict[str, str | bytes | None]

LINES = "".join(f"line {n}\n" for n in range(30))


def edited(word: str, *lines: int) -> str:
    return "".join(f"{word} {n}\n" if n in lines else f"line {n}\n" for n in range(30))


def test_two_commits_overlap_where_git_cannot_merge_them(repo: Path, commit: Commit) -> None:
    base = commit(repo, {"m.py": LINES, "other.py": LINES})
    sides = {
        "a": commit(repo, {"m.py": edited("a", 2, 20), "other.py": edited("a", 5)}, on=base),
        "b": commit(repo, {"m.py": edited("b", 2, 20)}, on=base),
        "c": commit(repo, {"m.py": edited("c", 11), "other.py": edited("c", 5)}, on=base),
        "d": commit(repo, {"m.py": edited("d", 28), "new.py": "d\n"}, on=base),
    }
    before = git.refs(repo, "refs"), git.status(repo)
    assert overlaps(repo, base, sides) == [
        Overlap("a", "b", ("m.py",), 2),
        Overlap("a", "c", ("other.py",), 1),
    ]
    assert (git.refs(repo, "refs"), git.status(repo)) == before


def test_the_smaller_conflict_is_the_one_with_fewer_paths_then_hunks() -> None:
    sizes = [Overlap("a", name, paths, hunks).size for name, paths, hunks in (("b", ("x",), 3), ("c", ("x", "y"), 2))]
    assert sizes == sorted(sizes)


def test_one_commit_may_be_asked_about_against_a_tip(repo: Path, commit: Commit) -> None:
    base = git.head(repo)
    tip, feature = commit(repo, {"a.txt": "tip\n"}, on=base), commit(repo, {"a.txt": "feature\n"}, on=base)
    assert overlap(repo, ("tip", tip), ("feature", feature)) == Overlap("tip", "feature", ("a.txt",), 1)
    assert overlap(repo, ("tip", tip), ("base", base)) is None


@pytest.mark.parametrize(
    ("one", "other", "paths"),
    [
        ({"d/x.txt": None}, {"d/x.txt": edited("b", 3)}, ("d/x.txt",)),
        ({"bin": b"\0a"}, {"bin": b"\0b"}, ("bin",)),
        ({"new": "a\n"}, {"new/file": "b\n"}, ("new~",)),
        (
            {"d/x.txt": None, "d/y.txt": None, "e/x.txt": LINES, "e/y.txt": "y\n" * 9},
            {"d/new.txt": "b\n"},
            ("e/new.txt",),
        ),
        ({"d/x.txt": None, "a/x.txt": LINES}, {"d/x.txt": None, "b/x.txt": LINES}, ("a/x.txt", "b/x.txt", "d/x.txt")),
    ],
    ids=["deleted and edited", "binary", "file and folder", "folder renamed", "renamed twice"],
)
def test_conflicts_that_are_not_of_lines_are_found_too(
    repo: Path, commit: Commit, one: Files, other: Files, paths: tuple[str, ...]
) -> None:
    base = commit(repo, {"d/x.txt": LINES, "d/y.txt": "y\n" * 9, "bin": b"\0"})
    sides = {"a": commit(repo, one, on=base), "b": commit(repo, other, on=base)}
    (found,) = overlaps(repo, base, sides)
    assert [path[: len(known)] for path, known in zip(found.paths, paths, strict=True)] == list(paths)
    assert found.hunks == len(paths)


def test_one_feature_that_builds_on_another_does_not_overlap_with_it(repo: Path, commit: Commit) -> None:
    base = commit(repo, {"m.py": LINES})
    first = commit(repo, {"m.py": edited("a", 2)}, on=base)
    second = commit(repo, {"m.py": edited("b", 2)}, on=first)
    assert overlaps(repo, base, {"first": first, "second": second}) == []
