"""A merge somebody resolved, path by path; and the conflict markers left in it.

A marker counts when no side has such a line in that path itself: documents about git, and tests of tools
like this one, may.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workspaces import git

Entry = tuple[str, str]  # mode and blob
ABSENT: Entry = ("", "")
_MARKER = re.compile(rb"^(<{7}|>{7}|\|{7})( .*)?\r?$|^={7}\r?$", re.MULTILINE)
_UNREADABLE = ("", "160000", "120000")  # absent, a submodule's commit, a symbolic link


@dataclass(frozen=True)
class Versions:
    """One path in the common ancestor, in both sides, in git's own merge and in the result."""

    path: str
    base: Entry
    ours: Entry
    theirs: Entry
    automatic: Entry
    result: Entry
    conflicted: bool


@dataclass(frozen=True)
class Sides:
    """Both sides of a merge and its result, wherever they differ from the common ancestor."""

    repo: Path
    versions: tuple[Versions, ...]

    @classmethod
    def of(cls, repo: Path, ours: str, theirs: str, result: str) -> Sides:
        """Compare two commits and a tree with what the commits have in common."""
        merged = git.merge_tree(repo, ours, theirs)
        base = git.merge_base(repo, ours, theirs) or git.EMPTY_TREE
        changes = [git.changes(repo, base, tree) for tree in (ours, theirs, merged.tree, result)]
        paths = sorted({path for change in (*changes, merged.conflicts) for path in change})
        return cls(repo, tuple(_versions(path, changes, path in merged.conflicts) for path in paths))

    def text(self, entry: Entry) -> bytes | None:
        """The content of a version; None for what has none or is not text."""
        content = None if entry[0] in _UNREADABLE else _read(self.repo, entry[1])
        return None if content is None or b"\0" in content[:8000] else content


def _versions(path: str, changes: list[git.Changes], conflicted: bool) -> Versions:
    known = next((change[path] for change in changes if path in change), None)
    base = (known.old_mode, known.old_blob) if known else ABSENT

    def of(change: git.Changes) -> Entry:
        return (change[path].new_mode, change[path].new_blob) if path in change else base

    ours, theirs, automatic, result = map(of, changes)
    return Versions(path, base, ours, theirs, automatic, result, conflicted)


@functools.lru_cache(maxsize=256)
def _read(repo: Path, blob: str) -> bytes:
    return git.read_blob(repo, blob)


def remaining_markers(sides: Sides) -> Iterator[str]:
    """`markers: <path>:<line>: <text>` for the first one in each path."""
    for versions in sides.versions:
        if versions.result in (versions.ours, versions.theirs, ABSENT):
            continue
        known = _marker_lines(sides, versions.ours) | _marker_lines(sides, versions.theirs)
        text = sides.text(versions.result) or b""
        left = next((m for m in _MARKER.finditer(text) if m[0].rstrip() not in known), None)
        if left:
            line = text.count(b"\n", 0, left.start()) + 1
            yield f"markers: {versions.path}:{line}: {left[0].decode(errors='replace').rstrip()}"


def _marker_lines(sides: Sides, entry: Entry) -> set[bytes]:
    return {match[0].rstrip() for match in _MARKER.finditer(sides.text(entry) or b"")}
