from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workspaces import git
from workspaces.fingerprint import difference, fingerprint
from workspaces.process import run
from workspaces.worktree import Workspace, create, git_directory, is_intact, lock, remove, reuse

Owner = Callable[..., str]
Commit = Callable[..., str]
PROJECT = Path(__file__).parents[2]


def listed(owner: Owner, repo: Path) -> int:
    return owner(repo, "worktree", "list").count("\n") + 1


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    return tmp_path / "home" / "worktrees"


def test_workspace_is_a_clean_checkout_on_its_branch(repo: Path, homes: Path) -> None:
    head = git.head(repo)
    made = create(repo, homes / "one", branch="missions/r/one", commit=head)
    assert made == Workspace(homes / "one", repo, "missions/r/one", head)
    found = git.status(made.path)
    assert (found.head, found.branch, found.dirty) == (head, "missions/r/one", ())
    assert (made.path / "b" / "c.txt").read_text() == "two\n"
    assert git.status(repo).dirty == ()


def test_workspace_may_be_on_no_branch(repo: Path, homes: Path) -> None:
    made = create(repo, homes / "one", branch=None, commit=git.head(repo))
    assert git.status(made.path).branch is None


def test_workspace_starts_from_an_earlier_commit(repo: Path, homes: Path, commit: Commit) -> None:
    first = git.head(repo)
    commit(repo, {"a.txt": "newer\n"})
    assert (create(repo, homes / "one", branch="b", commit=first).path / "a.txt").read_text() == "one\n"


def test_leftovers_of_a_dead_run_are_replaced(repo: Path, homes: Path, owner: Owner) -> None:
    head = git.head(repo)
    left = create(repo, homes / "one", branch="b", commit=head)
    (left.path / "a.txt").write_text("work\n")
    owner(left.path, "commit", "-q", "-a", "-m", "work")
    (left.path / "junk").write_text("")
    made = create(repo, homes / "one", branch="b", commit=head)
    assert git.status(made.path).head == head == git.resolve_branch(repo, "b")
    assert not (made.path / "junk").exists()
    assert listed(owner, repo) == 2


@pytest.mark.parametrize("left", ["folder of no worktree", "worktree without folder", "branch alone"])
def test_partial_leftovers_are_replaced(repo: Path, homes: Path, owner: Owner, left: str) -> None:
    if left == "folder of no worktree":
        (homes / "one").mkdir(parents=True)
        (homes / "one" / "junk").write_text("")
    else:
        workspace = create(repo, homes / "one", branch="b", commit=git.head(repo))
        (homes / "one").rename(homes / "away")
        if left == "branch alone":
            remove(workspace)
    made = create(repo, homes / "one", branch="b", commit=git.head(repo))
    assert git.status(made.path).branch == "b"
    assert not (made.path / "junk").exists()


def test_branch_that_somebody_else_has_checked_out_is_left_alone(
    repo: Path, homes: Path, owner: Owner, commit: Commit
) -> None:
    owner(repo, "checkout", "-q", "-b", "mine")
    mine = commit(repo, {"a.txt": "mine\n"})
    with pytest.raises(git.GitError):
        create(repo, homes / "one", branch="mine", commit=f"{mine}^")
    assert git.resolve_branch(repo, "mine") == mine


def test_removed_workspace_leaves_nothing(repo: Path, homes: Path, owner: Owner) -> None:
    made = create(repo, homes / "tree", branch="b", commit=git.head(repo))
    locked = made.path / "cache"
    locked.mkdir()
    (locked / "file").write_text("")
    locked.chmod(0o500)
    remove(made, delete_branch=True)
    assert not made.path.exists()
    assert git.resolve_branch(repo, "b") is None
    assert listed(owner, repo) == 1
    remove(made, delete_branch=True)


def test_workspace_that_git_forgot_is_removed(repo: Path, homes: Path, owner: Owner) -> None:
    made = create(repo, homes / "one", branch="b", commit=git.head(repo))
    (made.path / ".git").unlink()
    owner(repo, "worktree", "prune", "--expire", "now")
    remove(made)
    assert not made.path.exists()
    assert git.resolve_branch(repo, "b") is not None


def test_worktrees_of_others_stay(repo: Path, homes: Path, owner: Owner, tmp_path: Path) -> None:
    owner(repo, "worktree", "add", "-q", str(tmp_path / "away"), "-b", "theirs")
    (tmp_path / "away").rename(tmp_path / "on-another-disk")
    remove(create(repo, homes / "one", branch="b", commit=git.head(repo)))
    assert listed(owner, repo) == 2


def test_reused_workspace_is_as_a_new_one_but_keeps_ignored_files(repo: Path, homes: Path, commit: Commit) -> None:
    base = commit(repo, {".gitignore": "cache/\n"})
    tip = commit(repo, {"a.txt": "newer\n"})
    first = reuse(repo, homes / "shared", branch="b1", commit=base)
    for name in ("a.txt", "junk", "cache/kept", "nested/deep"):
        (first.path / name).parent.mkdir(exist_ok=True)
        (first.path / name).write_text("changed")
    second = reuse(repo, homes / "shared", branch="b2", commit=tip)
    assert (second.path / "cache" / "kept").exists()
    assert (second.path / "a.txt").read_text() == "newer\n"
    assert (git.status(second.path).branch, git.status(second.path).dirty) == ("b2", ())


def test_reused_folder_that_is_no_worktree_is_created(repo: Path, homes: Path) -> None:
    (homes / "shared").mkdir(parents=True)
    made = reuse(repo, homes / "shared", branch="b", commit=git.head(repo))
    assert git.status(made.path).branch == "b"


def test_lock_shuts_out_other_processes(repo: Path) -> None:
    script = f"""
        import fcntl
        with open({str(repo / ".git" / "missions.lock")!r}, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    with lock(repo / ".git"):
        assert b"BlockingIOError" in subprocess.run(argv, capture_output=True, check=False).stderr
    subprocess.run(argv, check=True)


def test_shared_git_directory_is_found_from_a_worktree(repo: Path, homes: Path) -> None:
    made = create(repo, homes / "one", branch="b", commit=git.head(repo))
    assert git_directory(made.path) == git_directory(repo) == repo / ".git"


def test_eighty_workspaces_eight_at_a_time(repo: Path, homes: Path, owner: Owner) -> None:
    head = git.head(repo)

    def use(number: int) -> None:
        made = create(repo, homes / str(number) / "tree", branch=f"missions/r/{number}", commit=head)
        assert git.status(made.path).dirty == ()
        remove(made, delete_branch=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(80)))
    assert owner(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert listed(owner, repo) == 1


def test_two_processes_make_workspaces_at_once(repo: Path, homes: Path, owner: Owner) -> None:
    script = """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from pathlib import Path
        from workspaces.worktree import create
        repo, homes, name, head = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
        with ThreadPoolExecutor(4) as pool:
            make = lambda n: create(repo, homes / f"{name}{n}", branch=f"x/{name}{n}", commit=head)
            list(pool.map(make, range(20)))
    """
    argv = [sys.executable, "-c", textwrap.dedent(script), str(repo), str(homes)]
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    both = [subprocess.Popen([*argv, name, git.head(repo)], env=env) for name in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert listed(owner, repo) == 41
    assert len(git.refs(repo, "refs/heads/x")) == 40


@pytest.mark.parametrize("place", [".git/hooks", "hooks-of-the-team"])
def test_no_hook_runs(repo: Path, homes: Path, owner: Owner, place: str) -> None:
    (repo / place).mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (repo / place / name).write_text(f"#!/bin/sh\ntouch {repo}/ran\nexit 1\n")
        (repo / place / name).chmod(0o755)
    if place != ".git/hooks":
        owner(repo, "config", "core.hooksPath", place)
    made = create(repo, homes / "one", branch="b", commit=git.head(repo))
    (made.path / "a.txt").write_text("work\n")
    git.update_ref(repo, "refs/heads/b", git.snapshot(made.path, "work"))
    remove(reuse(repo, made.path, branch="c", commit=git.head(repo)))
    assert not (repo / "ran").exists()


def test_users_checkout_survives_a_whole_piece_of_work(repo: Path, homes: Path, owner: Owner) -> None:
    for key, value in {"commit.gpgsign": "true", "gpg.program": "false"}.items():
        owner(repo, "config", key, value)
    owner(repo, "checkout", "-q", "--detach")
    (repo / "a.txt").write_text("dirty\n")
    (repo / "b" / "c.txt").write_text("staged\n")
    owner(repo, "add", "b/c.txt")
    (repo / "untracked").write_text("x")
    before, seen = fingerprint(repo), owner(repo, "status", "--porcelain=v2", "--branch")
    made = create(repo, homes / "one", branch="missions/r/one", commit=git.head(repo))
    (made.path / "a.txt").write_text("work\n")
    git.update_ref(repo, "refs/missions/r/one", git.snapshot(made.path, "work"))
    remove(made, delete_branch=True)
    assert difference(before, fingerprint(repo)) == []
    assert owner(repo, "status", "--porcelain=v2", "--branch") == seen


@pytest.fixture
def with_submodule(new_repo: Callable[..., Path], owner: Owner) -> Path:
    inner, middle, outer = new_repo("inner"), new_repo("middle"), new_repo("outer")
    for parent, child in ((middle, inner), (outer, middle)):
        owner(parent, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(child), "lib/sub")
        owner(parent, "commit", "-q", "-m", "submodule")
    owner(outer, "-c", "protocol.file.allow=always", "submodule", "-q", "update", "--init", "--recursive")
    for origin in (inner, middle):
        origin.rename(origin.with_name(f"{origin.name}-unreachable"))
    return outer


def test_submodules_come_from_the_users_checkout(with_submodule: Path, homes: Path) -> None:
    before = fingerprint(with_submodule)
    made = create(with_submodule, homes / "one", branch="b", commit=git.head(with_submodule))
    assert (made.path / "lib/sub/a.txt").read_text() == "one\n"
    assert (made.path / "lib/sub/lib/sub/a.txt").read_text() == "one\n"
    assert git.status(made.path).dirty == ()
    (made.path / "a.txt").write_text("work\n")
    made_commit = git.snapshot(made.path, "work")
    assert git.changed_paths(with_submodule, made.base, made_commit) == ["a.txt"]
    remove(made, delete_branch=True)
    assert difference(before, fingerprint(with_submodule)) == []
    assert git.status(with_submodule).dirty == ()


def test_submodule_that_the_user_does_not_have_stays_empty(
    with_submodule: Path, homes: Path, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    owner(with_submodule, "submodule", "-q", "deinit", "--all", "-f")
    modules = with_submodule / ".git" / "modules"
    modules.rename(modules.with_name("gone"))
    with caplog.at_level(logging.WARNING):
        made = create(with_submodule, homes / "one", branch="b", commit=git.head(with_submodule))
    assert list((made.path / "lib/sub").iterdir()) == []
    assert git.status(made.path).dirty == ()
    assert "submodule lib/sub" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "rm .git",
        "rm .git && mkdir .git",
        "echo gitdir: {repo}/.git > .git",
        "cp {other}/.git .git",
        "rm .git && ln -s {other}/.git .git",
        "cd .. && rm -rf {here} && ln -s {repo} {here}",
        "cd .. && rm -rf {here}",
    ],
)
def test_a_workspace_whose_git_leads_elsewhere_is_not_intact(repo: Path, homes: Path, damage: str) -> None:
    made = create(repo, homes / "one", branch="b", commit=git.head(repo))
    other = create(repo, homes / "two", branch="c", commit=git.head(repo))
    assert is_intact(made)
    line = damage.format(repo=repo, other=other.path, here=made.path)
    assert run(["bash", "-ec", line], cwd=made.path).ok
    assert not is_intact(made)
