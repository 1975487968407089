"""The user's repository, looked at before anything starts."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from blueprints.errors import MissionError, suggest
from workspaces.git_command import GitError, answer, git

OLDEST_GIT = (2, 38)  # the first whose `merge-tree` merges


@dataclass(frozen=True)
class Repository:
    """A checkout with something to start from."""

    root: Path  # top of the user's checkout
    git_dir: Path  # the git directory that all its worktrees share
    base_branch: str
    base: str  # the commit of the base branch


def repository(path: Path, base_branch: str) -> Repository:
    """The repository that `path` is in; MissionError when no mission can start from it."""
    check_git_version()
    git_dir = _git_dir(path)
    root = _top(path, git_dir)
    return Repository(root, git_dir, base_branch, _base(root, base_branch))


def recorded_repository(path: Path, base_branch: str, base: str) -> Repository:
    """The repository that a run began on: its base is the recorded commit, wherever the branch is now."""
    check_git_version()
    git_dir = _git_dir(path)
    root = _top(path, git_dir)
    if git(root, "cat-file", "-e", f"{base}^{{commit}}", fine=(0, 1, 128)).exit_code:
        raise MissionError(f"{root}: the commit {base} that the run began from is gone", exit_code=1)
    return Repository(root, git_dir, base_branch, base)


@functools.cache
def check_git_version() -> None:
    """MissionError unless git is there and new enough."""
    try:
        said = answer(Path("/"), "--version")
    except GitError:
        raise MissionError("git: not found; install git 2.38 or newer") from None
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise MissionError(f"{said}: too old to merge without a checkout; install git 2.38 or newer")


def _git_dir(path: Path) -> Path:
    if not path.is_dir():
        raise MissionError(f"{path}: no such folder; give the path of a git repository")
    try:
        return Path(answer(path, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    except GitError as error:
        if "not a git repository" in error.stderr:
            raise MissionError(f"{path}: not a git repository; run `git init` there and commit") from None
        raise MissionError(f"{path}: {error.stderr}") from None


def _top(path: Path, git_dir: Path) -> Path:
    try:
        return Path(answer(path, "rev-parse", "--path-format=absolute", "--show-toplevel"))
    except GitError:
        raise MissionError(
            f"{path}: a bare repository or a git directory ({git_dir}); give a checkout: "
            f"`git clone {path} FOLDER` or `git -C {path} worktree add FOLDER`"
        ) from None


def _base(root: Path, branch: str) -> str:
    ref = f"refs/heads/{branch}^{{commit}}"
    found = git(root, "rev-parse", "--verify", "-q", "--end-of-options", ref, fine=(0, 1, 128)).output.strip()
    if found:
        return found
    local, remote = _branches(root, "refs/heads"), _branches(root, "refs/remotes")
    if not local and git(root, "rev-parse", "-q", "--verify", "HEAD", fine=(0, 1, 128)).exit_code:
        raise MissionError(f"{root}: has no commits yet; commit something on '{branch}' first")
    tracked = sorted(name for name in remote if name.partition("/")[2] == branch or name == branch)
    if tracked:
        name = tracked[0].partition("/")[2]
        raise MissionError(
            f"{root}: base branch '{branch}' exists only as '{tracked[0]}'; "
            f"make it with `git branch {name} {tracked[0]}` and use '{name}'"
        )
    raise MissionError(f"{root}: no branch '{branch}' to start from; {suggest(branch, local)}")


def _branches(root: Path, prefix: str) -> list[str]:
    return answer(root, "for-each-ref", "--format=%(refname:lstrip=2)", prefix).split()
