"""Where commits would conflict, found out without a checkout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

from workspaces import git
from workspaces.conflicts import Conflicts, conflicts_between


@dataclass(frozen=True)
class Overlap:
    """Two commits, by their names, that git cannot merge by itself."""

    one: str
    other: str
    paths: tuple[str, ...]
    hunks: int
    """Places in conflict; a path whose conflict is not one of lines counts as one."""

    @property
    def size(self) -> tuple[int, int]:
        """The smaller, the easier to resolve."""
        return len(self.paths), self.hunks


@dataclass(frozen=True)
class _Touched:
    """What a commit changed, and the folders of what it changed, deleted and added."""

    paths: frozenset[str]
    folders: frozenset[str]
    left: frozenset[str]
    entered: frozenset[str]

    def may_conflict_with(self, other: _Touched) -> bool:
        """Whether both changed a path, one has a file where the other has a folder, or a file may have been added
        to a folder that was renamed."""
        return any(
            mine & yours
            for mine, yours in (
                (self.paths, other.paths | other.folders),
                (self.folders, other.paths),
                (self.left, other.entered),
                (self.entered, other.left),
            )
        )


def overlaps(repo: Path, base: str, commits: Mapping[str, str]) -> list[Overlap]:
    """Every two of the commits that conflict, in the order in which they are named.

    `base` is what all of them build on. Git merges only those pairs that changed something in common.
    """
    touched = {name: _touched(repo, base, commit) for name, commit in commits.items()}
    pairs = ((a, b) for a, b in combinations(commits, 2) if touched[a].may_conflict_with(touched[b]))
    found = (overlap(repo, (a, commits[a]), (b, commits[b])) for a, b in pairs)
    return [each for each in found if each]


def overlap(repo: Path, ours: tuple[str, str], theirs: tuple[str, str]) -> Overlap | None:
    """The conflict of two commits, each with the name it goes by; None when git merges them cleanly."""
    found = conflicts_between(repo, ours[1], theirs[1])
    return Overlap(ours[0], theirs[0], found.paths, sum(_hunks(repo, ours[1], found))) if found.paths else None


def _touched(repo: Path, base: str, commit: str) -> _Touched:
    changes = git.changes(repo, base, commit)
    return _Touched(
        paths=frozenset(changes),
        folders=_folders(changes),
        left=_folders(path for path, change in changes.items() if not change.new_mode),
        entered=_folders(path for path, change in changes.items() if not change.old_mode),
    )


def _folders(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(str(folder) for path in paths for folder in PurePosixPath(path).parents)


def _hunks(repo: Path, ours: str, conflicts: Conflicts) -> Iterator[int]:
    """Path by path. Git leaves its own side's file, without markers, where it cannot compare lines."""
    now = git.changes(repo, ours, conflicts.tree)
    blobs = {path: now[path].new_blob for path in conflicts.paths if path in now}
    content = git.read_blobs(repo, filter(None, blobs.values()))
    marker = re.compile(rb"^<{2,} " + ours.encode(), re.MULTILINE)  # a path may have longer ones, by its attributes
    for path in conflicts.paths:
        yield max(1, len(marker.findall(content.get(blobs.get(path, ""), b""))))
