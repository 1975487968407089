from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workspaces.history import Content, Files, History
from workspaces import git
from workspaces.conflicts import conflicts_between
from workspaces.patches import lost_patches
from workspaces.recorded import recall, record
from workspaces.resolution import Sides, remaining_markers
from workspaces.trees import entries_at, with_entries, write_blob
from workspaces.union import union

PLAIN, EXE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
TEXT = b"".join(b"line %d\n" % number for number in range(9))
LIST = b"".join(b"item %d of a list\n" % number for number in range(9))
OURS = TEXT.replace(b"line 4", b"apple")
THEIRS = TEXT.replace(b"line 4", b"pear")
BOTH = TEXT.replace(b"line 4", b"apple\npear")
FAR = TEXT.replace(b"line 0", b"pear")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3\n"


def windows(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


@dataclass(frozen=True)
class Case:
    """Two sides, and what becomes of them."""

    base: Files
    ours: Files
    theirs: Files
    result: Files | None
    """Of git's own merge where it is clean, otherwise of the union: some files, and None for a file that is gone."""
    clean: bool = False


CASES = {
    "edits of different lines": Case(
        {"a": TEXT}, {"a": TEXT.replace(b"line 8", b"x")}, {"a": FAR}, {"a": FAR.replace(b"line 8", b"x")}, clean=True
    ),
    "edits of the same line": Case({"a": TEXT}, {"a": OURS}, {"a": THEIRS}, {"a": BOTH}),
    "the same new path": Case({}, {"d/a": b"apple\n"}, {"d/a": b"pear\n"}, {"d/a": b"apple\npear\n"}),
    "rename, and edit of another line": Case(
        {"a": TEXT}, {"a": None, "b": TEXT}, {"a": FAR}, {"a": None, "b": FAR}, clean=True
    ),
    "rename, and edit of the same line": Case(
        {"a": TEXT}, {"a": None, "d/b": OURS}, {"a": THEIRS}, {"a": None, "d/b": BOTH}
    ),
    "rename by both to one name": Case(
        {"a": TEXT}, {"a": None, "b": OURS}, {"a": None, "b": THEIRS}, {"a": None, "b": BOTH}
    ),
    "rename by both to two names": Case({"a": TEXT}, {"a": None, "b": TEXT}, {"a": None, "c": TEXT}, None),
    "rename by both to two cases of a name": Case(
        {"a": TEXT}, {"a": None, "NEW": TEXT}, {"a": None, "new": TEXT}, None
    ),
    "rename by case only, and edit of another line": Case(
        {"readme": TEXT}, {"readme": None, "README": TEXT}, {"readme": FAR}, {"readme": None, "README": FAR}, clean=True
    ),
    "rename by case only, and edit of the same line": Case(
        {"readme": TEXT}, {"readme": None, "README": OURS}, {"readme": THEIRS}, {"readme": None, "README": BOTH}
    ),
    "two files renamed to one name": Case(
        {"a": TEXT, "b": LIST},
        {"a": None, "c": TEXT},
        {"b": None, "c": LIST},
        {"a": None, "b": None, "c": TEXT + LIST},
    ),
    "two files renamed to one name, one of them edited by both": Case(
        {"a": TEXT, "b": LIST}, {"a": None, "c": OURS}, {"a": THEIRS, "b": None, "c": LIST}, None
    ),
    "deletion and edit": Case({"a": TEXT}, {"a": None}, {"a": THEIRS}, None),
    "binary content": Case({"a": b"\0base"}, {"a": b"\0ours"}, {"a": b"\0theirs"}, None),
    "pointer of Git LFS": Case({"a": POINTER % b"0"}, {"a": POINTER % b"1"}, {"a": POINTER % b"2"}, None),
    "file mode on one side": Case({"a": TEXT}, {"a": (EXE, TEXT)}, {"a": FAR}, {"a": (EXE, FAR)}, clean=True),
    "file mode on one side, edits of the same line": Case(
        {"a": TEXT}, {"a": OURS}, {"a": (EXE, THEIRS)}, {"a": (EXE, BOTH)}
    ),
    "new path with two modes": Case({}, {"a": b"apple\n"}, {"a": (EXE, b"apple\n")}, None),
    "line ends on one side": Case({"a": TEXT}, {"a": windows(TEXT)}, {"a": THEIRS}, {"a": windows(THEIRS)}),
    "line ends mixed by one side": Case({"a": TEXT}, {"a": OURS.replace(b"e\n", b"e\r\n")}, {"a": THEIRS}, None),
    "submodule": Case(
        {"s": (SUBMODULE, b"1" * 40)}, {"s": (SUBMODULE, b"2" * 40)}, {"s": (SUBMODULE, b"3" * 40)}, None
    ),
    "symbolic link": Case({"a": (LINK, b"x")}, {"a": (LINK, b"apple")}, {"a": (LINK, b"pear")}, None),
    "link and file": Case({}, {"a": (LINK, b"apple")}, {"a": b"pear\n"}, None),
}
RECALLED = ["edits of the same line", "the same new path", "rename, and edit of the same line", "line ends on one side"]
NOT_OF_LINES = ["deletion and edit", "binary content", "pointer of Git LFS", "submodule"]


@dataclass(frozen=True)
class Zoo:
    """One repository with the sides of every case."""

    repo: Path
    sides: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    history = History(tmp_path_factory.mktemp("zoo") / "repo")
    numbers: dict[str, tuple[int, int]] = {}
    for name, case in CASES.items():
        base = history.commit({"other": b"other\n", **case.base})
        numbers[name] = history.commit(case.ours, on=base), history.commit(case.theirs, on=base)
    commits = history.write()
    return Zoo(history.repo, {name: (commits[a - 1], commits[b - 1]) for name, (a, b) in numbers.items()})


def files_at(repo: Path, tree: str, paths: Iterable[str]) -> Files:
    """The same files as they are in a tree."""
    paths = list(paths)
    found = {path: (mode, git.read_blob(repo, blob)) for path, (mode, blob) in entries_at(repo, tree, paths).items()}
    return {path: plain(found.get(path)) for path in paths}


def plain(content: Content) -> Content:
    return content[1] if isinstance(content, tuple) and content[0] == PLAIN else content


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_conflict_has_its_outcome(zoo: Zoo, name: str) -> None:
    case, (ours, theirs) = CASES[name], zoo.sides[name]
    assert git.merge_tree(zoo.repo, ours, theirs).clean == case.clean
    tree = union(zoo.repo, ours, theirs, theirs_first=False)
    if case.result is None:
        assert tree is None
        return
    assert tree
    expected = {**case.result, "other": b"other\n"}
    assert files_at(zoo.repo, tree, expected) == expected
    sides = Sides.of(zoo.repo, ours, theirs, tree)
    assert [*lost_patches(sides, ("ours", "theirs")), *remaining_markers(sides)] == []


def test_theirs_first_turns_the_lines_around(zoo: Zoo) -> None:
    ours, theirs = zoo.sides["edits of the same line"]
    tree = union(zoo.repo, ours, theirs, theirs_first=True)
    assert tree == union(zoo.repo, theirs, ours, theirs_first=False)
    assert tree
    assert files_at(zoo.repo, tree, ["a"]) == {"a": TEXT.replace(b"line 4", b"pear\napple")}


@pytest.mark.parametrize("name", RECALLED)
def test_what_was_settled_is_recalled_in_both_orders(zoo: Zoo, tmp_path: Path, name: str) -> None:
    ours, theirs = zoo.sides[name]
    merged = conflicts_between(zoo.repo, ours, theirs)
    settled = {path: (PLAIN, write_blob(zoo.repo, b"settled\n")) for path in merged.paths}
    tree = with_entries(zoo.repo, merged.tree, settled)
    record(zoo.repo, tmp_path, ours, theirs, tree)
    assert [recall(zoo.repo, tmp_path, ours, theirs), recall(zoo.repo, tmp_path, theirs, ours)] == [tree, tree]


@pytest.mark.parametrize("name", NOT_OF_LINES)
def test_what_is_no_conflict_of_lines_is_not_recalled(zoo: Zoo, tmp_path: Path, name: str) -> None:
    ours, theirs = zoo.sides[name]
    record(zoo.repo, tmp_path, ours, theirs, git.tree_of(zoo.repo, ours))
    assert recall(zoo.repo, tmp_path, ours, theirs) is None
