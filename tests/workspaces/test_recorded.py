from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.workspaces.history import Files, History
from workspaces import git
from workspaces.recorded import recall, record

TEXT = b"".join(b"line %d\n" % number for number in range(30))
OURS = TEXT.replace(b"line 15", b"apple")
THEIRS = TEXT.replace(b"line 15", b"pear")
BOTH = TEXT.replace(b"line 15", b"apple and pear")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "run"


def made(tmp_path: Path, base: Files, *others: Files) -> tuple[Path, list[str]]:
    """A repository, and a commit with each of the changes on top of `base`."""
    history = History(tmp_path / "repo")
    first = history.commit(base)
    for files in others:
        history.commit(files, on=first)
    return history.repo, history.write()[1:]


def read(repo: Path, tree: str | None, path: str) -> bytes:
    assert tree
    return git.read_blob(repo, git.blob_at(repo, tree, path) or "")


def test_nothing_is_recalled_of_a_conflict_that_is_new(tmp_path: Path, runs: Path) -> None:
    repo, (ours, theirs, both) = made(tmp_path, {"a": TEXT}, {"a": OURS}, {"a": THEIRS}, {"a": BOTH})
    assert recall(repo, runs, ours, theirs) is None
    record(repo, runs, ours, theirs, git.tree_of(repo, both))
    assert recall(repo, runs / "of another run", ours, theirs) is None


def test_next_attempt_has_the_same_hunk_settled_and_keeps_its_own_lines(tmp_path: Path, runs: Path) -> None:
    again = THEIRS.replace(b"line 3", b"cherry") + b"more\n"
    files = ({"a": content} for content in (OURS, THEIRS, BOTH, again))
    repo, (ours, theirs, both, attempt) = made(tmp_path, {"a": TEXT}, *files)
    record(repo, runs, ours, theirs, git.tree_of(repo, both))
    recalled = read(repo, recall(repo, runs, attempt, ours), "a")
    assert recalled == BOTH.replace(b"line 3", b"cherry") + b"more\n"


def test_later_resolution_takes_the_place_of_an_earlier_one(tmp_path: Path, runs: Path) -> None:
    better = TEXT.replace(b"line 15", b"pear and apple")
    repo, commits = made(tmp_path, {"a": TEXT}, *({"a": content} for content in (OURS, THEIRS, BOTH, better)))
    for commit in commits[2:]:
        record(repo, runs, commits[0], commits[1], git.tree_of(repo, commit))
    assert read(repo, recall(repo, runs, commits[1], commits[0]), "a") == better


def test_one_unknown_conflict_is_enough_to_recall_nothing(tmp_path: Path, runs: Path) -> None:
    base = {"a": TEXT, "b": TEXT}
    new = {"a": THEIRS, "b": THEIRS}
    repo, (ours, theirs, both, attempt) = made(
        tmp_path, base, {"a": OURS, "b": TEXT.replace(b"line 15", b"fig")}, {"a": THEIRS}, {"a": BOTH}, new
    )
    record(repo, runs, ours, theirs, git.tree_of(repo, both))
    assert recall(repo, runs, ours, attempt) is None


def test_resolution_with_markers_left_is_not_remembered(tmp_path: Path, runs: Path) -> None:
    repo, (ours, theirs) = made(tmp_path, {"a": TEXT}, {"a": OURS}, {"a": THEIRS})
    record(repo, runs, ours, theirs, git.merge_tree(repo, ours, theirs).tree)
    assert recall(repo, runs, ours, theirs) is None


def test_what_a_killed_engine_left_is_in_nobodys_way(tmp_path: Path, runs: Path) -> None:
    repo, (ours, theirs, both) = made(tmp_path, {"a": TEXT}, {"a": OURS}, {"a": THEIRS}, {"a": BOTH})
    record(repo, runs, ours, theirs, git.tree_of(repo, both))
    for name in ("index.lock", "MERGE_RR.lock"):
        (runs / "resolutions" / name).touch()
    assert read(repo, recall(repo, runs, ours, theirs), "a") == BOTH


def test_repository_of_the_user_gets_nothing_but_objects(tmp_path: Path, runs: Path) -> None:
    repo, (ours, theirs, both) = made(tmp_path, {"a": TEXT}, {"a": OURS}, {"a": THEIRS}, {"a": BOTH})
    before = _without_objects(repo)
    record(repo, runs, ours, theirs, git.tree_of(repo, both))
    recall(repo, runs, ours, theirs)
    assert _without_objects(repo) == before


def _without_objects(repo: Path) -> list[str]:
    words = ["find", ".", "-path", "./.git/objects", "-prune", "-o", "-print"]
    return sorted(subprocess.run(words, cwd=repo, check=True, capture_output=True, text=True).stdout.split())
