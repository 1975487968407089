"""A folder, a branch and a commit of its own for whoever works."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workspaces import submodules
from workspaces.git_command import GitError, answer, git

LOCK = "missions.lock"  # in the shared git directory: known to every process, seen by no `git status`


@dataclass(frozen=True)
class Workspace:
    """A checkout, on a branch or on none, from a recorded base."""

    path: Path
    repo: Path  # a checkout of the repository that outlives this one
    branch: str | None  # None: detached
    base: str
    leftovers: Mapping[str, str] = field(default_factory=dict[str, str])  # of `setup`: paths and their objects


@contextmanager
def lock(git_dir: Path) -> Generator[None]:
    """Alone, among all threads and processes, with what git knows about worktrees.

    `git worktree add` reads the entries of all other worktrees and fails on those half made or half gone.
    """
    with (git_dir / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, also by death
        yield


def create(repo: Path, folder: Path, *, branch: str | None, commit: str) -> Workspace:
    """A fresh checkout of `commit` in `folder`. Leftovers of a dead run, folder and branch, are replaced.

    A branch that is checked out in another folder is somebody's: GitError. Submodules: see `submodules`.
    """
    workspace = Workspace(folder, repo, branch, commit)
    if folder.exists() or folder.is_symlink():
        remove(workspace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock(git_directory(repo)):
        try:
            _add(workspace)
        except GitError:  # git remembers a folder that is gone; or somebody else's git was in the way
            _forget(workspace)
            _add(workspace)
    git(folder, "reset", "--hard", "-q")
    submodules.populate(folder, git_directory(repo))
    return workspace


def reuse(repo: Path, folder: Path, *, branch: str | None, commit: str) -> Workspace:
    """The workspace in `folder` switched to `commit`: what git tracks is as in a new one, ignored files stay.

    Created when it is not there. For missions that work in one checkout, one step after another.
    """
    if not _is_worktree(repo, folder):
        return create(repo, folder, branch=branch, commit=commit)
    with lock(git_directory(repo)):
        git(folder, "checkout", "-q", "-f", *_place(branch), commit)
    git(folder, "clean", "-ffdq")
    submodules.populate(folder, git_directory(repo))
    return Workspace(folder, repo, branch, commit)


def remove(workspace: Workspace, *, delete_branch: bool = False) -> None:
    """The checkout goes, whatever is in it, with what git remembers of it; half gone already is fine."""
    memory = own_git_directory(workspace.path) if is_intact(workspace) else None
    _delete(workspace.path)
    with lock(git_directory(workspace.repo)):
        if memory:
            shutil.rmtree(memory)  # as `git worktree remove` does, which would look through all of the others first
        else:
            _forget(workspace)
        if delete_branch:
            _delete_branch(workspace)


def _delete_branch(workspace: Workspace) -> None:
    if workspace.branch:
        git(workspace.repo, "update-ref", "-d", f"refs/heads/{workspace.branch}")


def _add(workspace: Workspace) -> None:
    words = ("worktree", "add", "-q", "--no-checkout", *_place(workspace.branch))
    git(workspace.repo, *words, str(workspace.path), workspace.base)


def _place(branch: str | None) -> tuple[str, ...]:
    # `-B` moves a leftover branch, and refuses one that is checked out; with `--force` it would not.
    return ("--no-track", "-B", branch) if branch else ("--detach",)


def _forget(workspace: Workspace) -> None:
    git(workspace.repo, "worktree", "remove", "--force", "--force", str(workspace.path), fine=(0, 128))


def is_intact(workspace: Workspace) -> bool:
    """Whether git, started in the workspace, works on this workspace and on no other checkout or repository.

    Whoever worked there could have written anything into `.git`.
    """
    entry, shared = workspace.path / ".git", git_directory(workspace.repo)
    if workspace.path.is_symlink() or entry.is_symlink() or not entry.is_file():
        return False
    try:
        own = own_git_directory(workspace.path)
        back = Path((own / "gitdir").read_text().strip())
        return (
            own.parent.samefile(shared / "worktrees")
            and back.samefile(entry)
            and git_directory(workspace.path).samefile(shared)
        )
    except (OSError, ValueError):
        return False


def git_directory(repo: Path) -> Path:
    """The git directory that all worktrees share, read without starting git."""
    own = own_git_directory(repo)
    shared = own / "commondir"
    return Path(os.path.normpath(own / shared.read_text().strip())) if shared.exists() else own


def own_git_directory(checkout: Path) -> Path:
    """Where this checkout's own HEAD and index are."""
    entry = checkout / ".git"
    if entry.is_dir():
        return entry
    return Path(os.path.normpath(checkout / entry.read_text().removeprefix("gitdir:").strip()))


def _is_worktree(repo: Path, folder: Path) -> bool:
    try:
        top = Path(answer(folder, "rev-parse", "--path-format=absolute", "--show-toplevel"))
        return top.samefile(folder) and git_directory(folder).samefile(git_directory(repo))
    except (GitError, OSError):
        return False


def _delete(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder, onerror=_delete_protected)


def _delete_protected(delete: Callable[[str], object], path: str, _: object) -> None:
    # Caches such as Go's make their folders read-only.
    os.chmod(Path(path).parent, stat.S_IRWXU)  # noqa: PTH101
    if Path(path).is_dir() and not Path(path).is_symlink():
        Path(path).chmod(stat.S_IRWXU)
        shutil.rmtree(path)
    else:
        delete(path)
