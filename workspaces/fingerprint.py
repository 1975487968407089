"""Was the user's checkout touched?

Everything in it counts, ignored files too; `.git` folders do not, but HEAD, what is staged, the
configuration, hooks and `info` do. Our own worktrees, objects and references change nothing here, nor does
a `git status` that refreshes the index.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workspaces.git_command import GitError, answer
from workspaces.worktree import git_directory, own_git_directory

Entry = tuple[int, int, int, int, int, int]  # mode, inode, size, modified, changed (both in ns), links
_SHOWN = 20


@dataclass(frozen=True)
class Fingerprint:
    """A checkout at one moment."""

    files: dict[str, Entry]  # by path in the checkout; `.git/...` for what counts there
    head: tuple[str, str]  # what HEAD says, and the commit that is
    staged: str
    config: str


def fingerprint(root: Path) -> Fingerprint:
    """Of the checkout at `root`: one look at each file, none into it."""
    own, shared = own_git_directory(root), git_directory(root)
    files = dict(_walk(str(root), ""))
    for name in ("hooks", "info"):
        files.update(_walk(str(shared / name), f".git/{name}/"))
    config = b"".join(map(_read, (shared / "config", shared / "config.worktree", own / "config.worktree")))
    return Fingerprint(files, _head(root, own, shared), _staged(root, own), hashlib.sha256(config).hexdigest())


def difference(before: Fingerprint, after: Fingerprint) -> list[str]:
    """What changed between the two, in words; at most 20 of them and how many more there are."""
    found = list(_git_differences(before, after))
    for path in sorted(before.files.keys() | after.files.keys()):
        old, new = before.files.get(path), after.files.get(path)
        if old is None or new is None:
            found.append(f"{path} is {'new' if old is None else 'gone'}")
        elif _differs(old, new):
            found.append(f"{path} is changed")
    rest = len(found) - _SHOWN
    return [*found[:_SHOWN], f"and {rest} more"] if rest > 0 else found


def _git_differences(before: Fingerprint, after: Fingerprint) -> Iterator[str]:
    if before.head != after.head:
        yield f"HEAD is {' at '.join(after.head)}, was {' at '.join(before.head)}"
    if before.staged != after.staged:
        yield "what is staged is changed"
    if before.config != after.config:
        yield ".git/config is changed"


def _differs(old: Entry, new: Entry) -> bool:
    # A new hard link to a file touches it: package caches (uv, pnpm) link theirs into many checkouts, also
    # into a workspace while an agent runs. So for linked files the time of change does not count.
    if old[5] > 1 or new[5] > 1:
        return old[:4] != new[:4]
    return old != new


def _walk(top: str, prefix: str) -> Iterator[tuple[str, Entry]]:
    folders = [(top, prefix)]
    while folders:
        folder, prefix = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:  # gone, or not ours to read
            continue
        for entry in entries:
            if entry.name == ".git":
                continue
            try:
                seen = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(seen.st_mode):
                # Times and size of a folder tell no more than the entries in it.
                yield prefix + entry.name, (seen.st_mode, seen.st_ino, 0, 0, 0, 0)
                folders.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                times = (seen.st_mtime_ns, seen.st_ctime_ns)
                yield prefix + entry.name, (seen.st_mode, seen.st_ino, seen.st_size, *times, seen.st_nlink)


def _head(root: Path, own: Path, shared: Path) -> tuple[str, str]:
    said = _read(own / "HEAD").decode(errors="replace").strip()
    ref = said.removeprefix("ref: ")
    if ref == said:
        return "detached", said
    loose = _read(shared / ref).decode(errors="replace").strip()
    stored = _version(shared / "packed-refs") or _version(shared / "reftable" / "tables.list")
    return ref, loose or _commit_of_head(root, ref, stored)


@functools.lru_cache(maxsize=64)
def _commit_of_head(root: Path, _ref: str, _version_of_references: Entry | None) -> str:
    try:
        return answer(root, "rev-parse", "--verify", "-q", "HEAD")
    except GitError:
        return "no commit"


def _staged(root: Path, own: Path) -> str:
    return _digest_of_index(root, _version(own / "index"))


@functools.lru_cache(maxsize=64)
def _digest_of_index(root: Path, _version_of_index: Entry | None) -> str:
    return hashlib.sha256(answer(root, "ls-files", "--stage", "-z").encode(errors="surrogateescape")).hexdigest()


def _version(file: Path) -> Entry | None:
    try:
        seen = file.stat()
    except OSError:
        return None
    return (seen.st_mode, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_nlink)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
