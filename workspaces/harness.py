"""What proves the work stays as it was approved: the checks' own files, and how tests are run.

Work may change what it tests; what judges it comes from the base.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workspaces import git
from workspaces.harness_settings import changed_settings

_CONFIGURATION = (
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "jest.config.*",
    "vitest.config.*",
    ".mocharc*",
)
"""Files that are nothing but a test runner's; others, such as `pyproject.toml`, are changed for many reasons."""
_IMPORTED_FIRST = [
    f"{folder}{module}{form}"
    for folder in ("", "src/")
    for module in ("pytest", "_pytest", "pluggy", "unittest", "doctest")
    for form in (".py", "/__init__.py")
]
"""What Python would import in place of a test runner: it looks at the top and in `src` before anywhere else."""
_RUNNERS = [*(f"**/{name}" for name in _CONFIGURATION), *_IMPORTED_FIRST]


@dataclass(frozen=True)
class Flag:
    """A changed path that has a say in what tests prove."""

    path: str
    why: str
    restored: bool  # checks see it as it was


def restore(checkout: Path, base: str, patterns: Sequence[str]) -> list[str]:
    """Make the tracked files that match, and the runner's configuration in the folders above them, as in `base`.

    Returns the paths that were not. Only files change, not what is staged; untracked ones stay. OSError where
    the file system refuses, and where git's objects no longer hold what was approved.
    """
    approved = git.files_at(checkout, base, patterns)
    _require_sound(checkout, approved)
    own = {*approved, *git.tracked(checkout, patterns)}
    above = _above(own, {*git.files_at(checkout, base, _RUNNERS), *git.tracked(checkout, _RUNNERS)})
    before = {*git.files_at(checkout, base, [*patterns, *_RUNNERS])} if own else set[str]()
    found = {path: _as_it_lies(checkout, path) for path in sorted(own | above)}
    for path in (path for path, was in found.items() if was):
        (checkout / path).unlink()  # a file can be changed and keep the size and date that git goes by
    # What lies in a folder goes with the folder when the base has a file or a link in its place.
    git.put_back(checkout, base, [path for path in found if not before.intersection(_folders(path))])
    return [path for path, was in found.items() if was != _as_it_lies(checkout, path)]


def _require_sound(repo: Path, files: git.Changes) -> None:
    """Whoever works in a worktree can write to the repository's objects, and git believes their names."""
    blobs = git.read_blobs(repo, (file.new_blob for file in files.values()))
    for path, file in files.items():
        content = blobs.get(file.new_blob)
        if content is not None and _object_name(content, like=file.new_blob) != file.new_blob:
            raise OSError(f"{path}: git's object {file.new_blob[:12]} does not hold what its name says; see `git fsck`")


def _object_name(content: bytes, *, like: str) -> str:
    kind = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(kind, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def flagged(repo: Path, base: str, commit: str, uses: Sequence[str]) -> list[Flag]:
    """What is changed between two commits of the checks' own files (`uses`: their patterns) and of how tests run."""
    changes = git.changes(repo, base, commit)
    own = {*git.files_at(repo, base, uses), *git.files_at(repo, commit, uses)}
    configuration = set(git.changed_paths(repo, base, commit, _RUNNERS))
    restored = own | _above(own, configuration)
    runner = changed_settings(repo, changes) | {path: PurePosixPath(path).name for path in configuration}
    why = {path: f"changes how tests run ({what})" for path, what in runner.items()}
    why |= dict.fromkeys(own, "a check's own file")
    return [Flag(path, why[path], restored=path in restored) for path in changes if path in why]


def _above(own: Iterable[str], configuration: Iterable[str]) -> set[str]:
    """Those of the runner's files that are in the folders of a check's own files or further up."""
    folders = {folder for path in own for folder in _folders(path)}
    return {path for path in configuration if str(PurePosixPath(path).parent) in folders}


def _folders(path: str) -> list[str]:
    """All folders it is in, up to the top, which is `.`."""
    return [str(folder) for folder in PurePosixPath(path).parents]


def _as_it_lies(checkout: Path, path: str) -> tuple[str, str] | None:
    """Kind and content of what is there, None if it is not a file or link, or is reached through a link."""
    if any((checkout / folder).is_symlink() for folder in _folders(path)[:-1]):
        return None
    place = checkout / path
    try:
        mode = place.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return "link", str(place.readlink())
    if not stat.S_ISREG(mode):
        return None
    with place.open("rb") as file:
        return "program" if mode & stat.S_IXUSR else "file", hashlib.file_digest(file, "sha256").hexdigest()
