"""What a clean-up removes or keeps: each thing with its reason, and what goes together in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from blueprints.errors import MissionError


class What(StrEnum):
    RUN = "run"
    WORKTREE = "worktree"
    RECORD = "record"  # git's own, of a worktree whose folder is gone
    BRANCH = "branch"
    REFERENCE = "reference"
    FOLDER = "folder"
    TRANSCRIPTS = "transcripts"
    EVIDENCE = "evidence"
    REPOSITORY = "repository"
    CLONE = "clone"


@dataclass(frozen=True)
class Item:
    """One thing, and why it goes or stays."""

    what: What
    name: str
    why: str
    size: int = 0
    """Bytes of the files in it."""


@dataclass(frozen=True)
class Step:
    """What goes together or not at all; `do` can be repeated after it was interrupted."""

    items: tuple[Item, ...]
    do: Callable[[], object]


@dataclass(frozen=True)
class Survey:
    """What would go, in this order, and what stays."""

    steps: tuple[Step, ...] = ()
    stays: tuple[Item, ...] = ()

    def __add__(self, other: Survey) -> Survey:
        return Survey((*self.steps, *other.steps), (*self.stays, *other.stays))

    @property
    def goes(self) -> tuple[Item, ...]:
        return tuple(item for step in self.steps for item in step.items)

    def perform(self) -> Survey:
        """Do it. What could not be done is among what stays in the survey that comes back."""
        done, stays = list[Step](), list(self.stays)
        for step in self.steps:
            try:
                step.do()
            except (MissionError, OSError) as error:
                stays += [replace(item, why=f"it could not be removed: {error}") for item in step.items]
            else:
                done.append(step)
        return Survey(tuple(done), tuple(stays))


def gone(what: What, name: str, why: str, do: Callable[[], object], *, size: int = 0) -> Survey:
    """One thing that goes by itself."""
    return Survey(steps=(Step((Item(what, name, why, size),), do),))


def kept(what: What, name: str, why: str, *, size: int = 0) -> Survey:
    """One thing that stays."""
    return Survey(stays=(Item(what, name, why, size),))


def folder_gone(what: What, path: Path, why: str) -> Survey:
    """A folder and all that is in it go, if it is there."""
    return gone(what, str(path), why, partial(shutil.rmtree, path), size=size_of(path)) if path.exists() else Survey()


def empty_folder_gone(path: Path) -> Survey:
    """A folder that is empty, or is once what goes before is done."""
    return gone(What.FOLDER, str(path), "nothing is left in it", path.rmdir) if path.exists() else Survey()


def total(surveys: Iterable[Survey]) -> Survey:
    """All of them as one."""
    return sum(surveys, Survey())


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; what vanishes meanwhile, or cannot be read, counts as nothing."""
    sizes = (_size(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)  # noqa: PTH118
    return sum(sizes)


def _size(file: str) -> int:
    try:
        return os.lstat(file).st_size
    except OSError:
        return 0
