"""A run's state, and its result, as one file: for a job that may not push."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from blueprints.errors import MissionError
from workspaces import git
from workspaces.git_command import GitError, answer
from workspaces.git_command import git as run_git
from workspaces.remote import FULL_CLONE
from workspaces.worktree import git_directory


def write(repo: Path, file: Path, refs: Mapping[str, str], *, without: str) -> None:
    """Write these references, whether the repository has them or not, and all they lead to beyond `without`.

    They are named in a repository that lasts as long as this takes, and sees the objects of `repo`.
    """
    objects = git_directory(repo).resolve()
    with tempfile.TemporaryDirectory() as name:
        aside = Path(name)
        run_git(aside, "init", "-q", "--bare", "--template=", name)
        (aside / "objects" / "info").mkdir(exist_ok=True)
        (aside / "objects" / "info" / "alternates").write_text(f"{objects / 'objects'}\n", encoding="utf-8")
        if (objects / "shallow").exists():
            shutil.copy(objects / "shallow", aside / "shallow")
        git.update_refs(aside, [git.RefChange(ref, commit) for ref, commit in refs.items()])
        run_git(aside, "bundle", "create", "-q", "new", *refs, f"^{without}")
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(aside / "new", file)


def heads(repo: Path, file: Path) -> dict[str, str]:
    """The references in a bundle. Raises MissionError when the file is none."""
    if not file.is_file():
        raise MissionError(f"{file}: there is no such file; `mission run --ci --bundle FILE` writes it")
    try:
        lines = answer(repo, "bundle", "list-heads", str(file.absolute())).splitlines()
    except GitError as error:
        raise MissionError(f"{file}: not a bundle ({error.stderr})", exit_code=1) from None
    return {ref: commit for commit, _, ref in (line.partition(" ") for line in lines)}


def unpack(repo: Path, file: Path) -> None:
    """Bring the objects of a bundle into the repository; no reference changes, and nothing is checked out."""
    path = str(file.absolute())
    try:
        run_git(repo, "bundle", "verify", "-q", path)
        run_git(repo, "bundle", "unbundle", path)
    except GitError as error:
        told = f"; {FULL_CLONE}" if "prerequisite" in error.stderr else ""
        raise MissionError(
            f"{file}: cannot be read here: {' '.join(error.stderr.split())}{told}", exit_code=1
        ) from None
