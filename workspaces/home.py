"""What lies in the mission home and belongs to no run in particular."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ledger.folder import RunFolder
from workspaces.removal import Survey, What, empty_folder_gone, kept, size_of, total


def clean_home(home: Path, runs: Iterable[RunFolder], *, dry_run: bool) -> Survey:
    """Beside the `runs`: clones, which stay, and folders for worktrees of runs that are gone."""
    known = {run.run for run in runs}
    rooms = [path for path in sorted((home / "worktrees").glob("*")) if path.name not in known]
    clones = sorted((home / "repositories").glob("*"))
    survey = total([*map(_room, rooms), *map(_clone, clones)])
    return survey if dry_run else survey.perform()


def _room(folder: Path) -> Survey:
    if folder.is_dir() and not any(folder.iterdir()):
        return empty_folder_gone(folder)
    return kept(
        What.FOLDER, str(folder), "there is no run of this name; nobody knows whose it is", size=size_of(folder)
    )


def _clone(folder: Path) -> Survey:
    return kept(What.CLONE, str(folder), "it may hold the only copy of a result", size=size_of(folder))
