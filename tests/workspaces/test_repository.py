from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from workspaces import repository as module
from workspaces.git import GitError, repository
from workspaces.process import Ended, Finished

Owner = Callable[..., str]


def test_repository_knows_its_base(repo: Path, owner: Owner) -> None:
    found = repository(repo / "b", "main")
    assert (found.root, found.git_dir, found.base_branch) == (repo, repo / ".git", "main")
    assert found.base == owner(repo, "rev-parse", "main")


def test_linked_worktree_is_a_repository(repo: Path, owner: Owner, tmp_path: Path) -> None:
    owner(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    found = repository(tmp_path / "linked", "main")
    assert (found.root, found.git_dir) == (tmp_path / "linked", repo / ".git")


def test_detached_and_dirty_checkout_is_fine(repo: Path, owner: Owner) -> None:
    owner(repo, "checkout", "-q", "--detach")
    (repo / "a.txt").write_text("dirty\n")
    assert repository(repo, "main").root == repo


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissionError, match="nowhere: no such folder"):
        repository(tmp_path / "nowhere", "main")


def test_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissionError, match="not a git repository; run `git init`"):
        repository(tmp_path, "main")


@pytest.mark.parametrize("place", ["bare.git", "repo/.git"])
def test_bare_repository_and_git_directory_are_refused(repo: Path, owner: Owner, tmp_path: Path, place: str) -> None:
    owner(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "bare.git"))
    with pytest.raises(MissionError, match="give a checkout"):
        repository(tmp_path / place, "main")


def test_repository_without_commits_is_refused(tmp_path: Path, owner: Owner) -> None:
    owner(tmp_path, "init", "-q", "-b", "main")
    with pytest.raises(MissionError, match="no commits yet; commit something on 'main'"):
        repository(tmp_path, "main")


def test_unknown_base_branch_is_refused_with_the_nearest(repo: Path) -> None:
    with pytest.raises(MissionError, match=r"no branch 'mian' to start from; did you mean 'main'\?"):
        repository(repo, "mian")


@pytest.mark.parametrize("name", ["feature", "origin/feature"])
def test_base_branch_known_only_from_a_remote_says_how_to_get_it(
    repo: Path, owner: Owner, tmp_path: Path, name: str
) -> None:
    owner(repo, "branch", "feature")
    owner(repo, "clone", "-q", str(repo), str(tmp_path / "clone"))
    with pytest.raises(MissionError, match="`git branch feature origin/feature`"):
        repository(tmp_path / "clone", name)


def test_tag_is_no_base_branch(repo: Path, owner: Owner) -> None:
    owner(repo, "tag", "v1")
    with pytest.raises(MissionError, match="no branch 'v1'"):
        repository(repo, "v1")


@pytest.mark.parametrize("version", ["git version 2.30.2", "git version 1.9", "something else"])
def test_old_git_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    def said(*_: object) -> str:
        return version

    monkeypatch.setattr(module, "answer", said)
    with pytest.raises(MissionError, match=r"install git 2\.38 or newer"):
        module.check_git_version.__wrapped__()


def test_missing_git_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, *_: object) -> str:
        raise GitError(Finished(("git",), Ended.MISSING, None, 0.0, "", "not found"), folder)

    monkeypatch.setattr(module, "answer", fail)
    with pytest.raises(MissionError, match="git: not found"):
        module.check_git_version.__wrapped__()
