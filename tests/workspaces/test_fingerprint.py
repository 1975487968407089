from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workspaces import git
from workspaces.fingerprint import difference, fingerprint
from workspaces.worktree import create, remove

Owner = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def checkout(new_repo: Callable[..., Path]) -> Path:
    root = new_repo(files={"a.txt": "one\n", "b/c.txt": "two\n", ".gitignore": "ignored\n"})
    (root / "ignored").write_text("ignored\n")
    (root / "untracked").write_text("untracked\n")
    return root


@pytest.mark.parametrize("path", ["a.txt", "b/c.txt", "ignored", "untracked"])
def test_changed_file_is_noticed(checkout: Path, path: str) -> None:
    before = fingerprint(checkout)
    (checkout / path).write_text("agent was here\n")
    assert difference(before, fingerprint(checkout)) == [f"{path} is changed"]


def test_change_that_hides_its_time_and_size_is_noticed(checkout: Path) -> None:
    before, seen = fingerprint(checkout), (checkout / "a.txt").stat()
    (checkout / "a.txt").write_text("eno\n")
    os.utime(checkout / "a.txt", ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert difference(before, fingerprint(checkout)) == ["a.txt is changed"]


def test_new_and_gone_files_and_folders_are_noticed(checkout: Path) -> None:
    before = fingerprint(checkout)
    (checkout / "b/c.txt").unlink()
    (checkout / "new").mkdir()
    (checkout / "link").symlink_to("a.txt")
    assert difference(before, fingerprint(checkout)) == ["b/c.txt is gone", "link is new", "new is new"]


def test_changed_mode_is_noticed(checkout: Path) -> None:
    before = fingerprint(checkout)
    (checkout / "a.txt").chmod(0o755)
    assert difference(before, fingerprint(checkout)) == ["a.txt is changed"]


def test_list_is_bounded(checkout: Path) -> None:
    before = fingerprint(checkout)
    for number in range(30):
        (checkout / f"new{number:02}").write_text("")
    found = difference(before, fingerprint(checkout))
    assert (len(found), found[-1]) == (21, "and 10 more")


def test_commit_in_the_checkout_is_noticed(checkout: Path, owner: Owner) -> None:
    before = fingerprint(checkout)
    owner(checkout, "commit", "-q", "--allow-empty", "-m", "x")
    (found,) = difference(before, fingerprint(checkout))
    assert found.startswith(f"HEAD is refs/heads/main at {git.head(checkout)}")


def test_switched_branch_is_noticed(checkout: Path, owner: Owner) -> None:
    before = fingerprint(checkout)
    owner(checkout, "symbolic-ref", "HEAD", "refs/heads/other")
    assert difference(before, fingerprint(checkout))[0].startswith("HEAD is refs/heads/other at no commit")
    owner(checkout, "symbolic-ref", "HEAD", "refs/heads/main")
    assert difference(before, fingerprint(checkout)) == []
    owner(checkout, "checkout", "-q", "--detach")
    assert difference(before, fingerprint(checkout))[0].startswith("HEAD is detached")


def test_packed_references_change_nothing(checkout: Path, owner: Owner) -> None:
    before = fingerprint(checkout)
    owner(checkout, "pack-refs", "--all")
    assert difference(before, fingerprint(checkout)) == []


def test_staging_is_noticed(checkout: Path, owner: Owner) -> None:
    before = fingerprint(checkout)
    owner(checkout, "rm", "-q", "--cached", "a.txt")
    assert difference(before, fingerprint(checkout)) == ["what is staged is changed"]


def test_configuration_hooks_and_exclusions_are_noticed(checkout: Path, owner: Owner) -> None:
    before = fingerprint(checkout)
    owner(checkout, "config", "core.hooksPath", "/elsewhere")
    (checkout / ".git/hooks/pre-push").write_text("#!/bin/sh\n")
    (checkout / ".git/info/exclude").write_text("*\n")
    found = difference(before, fingerprint(checkout))
    assert found == [".git/config is changed", ".git/hooks/pre-push is new", ".git/info/exclude is changed"]


def test_looking_changes_nothing(checkout: Path, owner: Owner) -> None:
    os.utime(checkout / "a.txt", ns=(1, 1))
    before = fingerprint(checkout)
    index = (checkout / ".git/index").stat().st_mtime_ns
    owner(checkout, "status")
    owner(checkout, "update-index", "-q", "--refresh")
    assert (checkout / ".git/index").stat().st_mtime_ns != index
    (checkout / "b/c.txt").read_text()
    assert difference(before, fingerprint(checkout)) == []


def test_our_own_work_changes_nothing(checkout: Path, tmp_path: Path) -> None:
    before = fingerprint(checkout)
    made = create(checkout, tmp_path / "home" / "one", branch="missions/r/one", commit=git.head(checkout))
    (made.path / "a.txt").write_text("work\n")
    git.update_ref(checkout, "refs/missions/r/one", git.snapshot(made.path, "work"))
    assert difference(before, fingerprint(checkout)) == []
    remove(made, delete_branch=True)
    assert difference(before, fingerprint(checkout)) == []


def test_hard_link_made_by_a_package_cache_changes_nothing(checkout: Path, tmp_path: Path) -> None:
    os.link(checkout / "ignored", tmp_path / "cache")
    before = fingerprint(checkout)
    os.link(tmp_path / "cache", tmp_path / "workspace")
    assert difference(before, fingerprint(checkout)) == []
    (tmp_path / "workspace").write_text("written through the link\n")
    assert difference(before, fingerprint(checkout)) == ["ignored is changed"]


def test_linked_worktree_has_a_fingerprint_too(checkout: Path, owner: Owner, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    owner(checkout, "worktree", "add", "-q", str(linked), "-b", "linked")
    before = fingerprint(linked)
    owner(checkout, "commit", "-q", "--allow-empty", "-m", "elsewhere")
    (checkout / "a.txt").write_text("elsewhere\n")
    assert difference(before, fingerprint(linked)) == []
    (linked / "a.txt").write_text("here\n")
    owner(linked, "add", "a.txt")
    owner(linked, "commit", "-q", "-m", "here")
    assert len(difference(before, fingerprint(linked))) == 3


def test_what_a_nested_repository_keeps_for_itself_does_not_count(checkout: Path, owner: Owner) -> None:
    (checkout / "nested").mkdir()
    owner(checkout / "nested", "init", "-q")
    before = fingerprint(checkout)
    (checkout / "nested/.git/junk").write_text("")
    assert difference(before, fingerprint(checkout)) == []
    (checkout / "nested/file").write_text("")
    assert difference(before, fingerprint(checkout)) == ["nested/file is new"]


def test_repository_without_commits_has_a_fingerprint(tmp_path: Path, owner: Owner) -> None:
    owner(tmp_path, "init", "-q", "-b", "main")
    assert fingerprint(tmp_path).head == ("refs/heads/main", "no commit")
