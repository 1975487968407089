"""A disk that is full, or read-only by now: the mission waits until that is mended, and nobody's work fails by it."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blueprints.errors import MissionError
from ledger.folder import RunFolder
from workspaces.git_command import GitError
from workspaces.mission import Mission
from workspaces.worktree import git_directory

_LEAST = 1 << 20
"""Bytes; with less than that a disk counts as full when something did not work."""
_SAID = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EROFS: "Read-only file system",
}
"""As the system says it, and git after it."""


@dataclass(frozen=True)
class Lack:
    """Where there is no room to write, or nothing may be written."""

    place: str
    number: int

    def __str__(self) -> str:
        said = _SAID[self.number]
        remedy = "make it writable" if self.number == errno.EROFS else "make room"
        return f"{self.place}: {said[0].lower()}{said[1:]}; {remedy}"


def lack_of_room(mission: Mission, error: BaseException | None = None) -> Lack | None:
    """Why something did not work, when `error` or the disks themselves tell that it is this."""
    return _seen(_places(mission)) or (lack_in(error, mission.settings.home) if error else None)


def pause_for_room(mission: Mission, error: BaseException | None = None) -> Lack | None:
    """The same; and then the mission stops."""
    lack = lack_of_room(mission, error)
    if lack:
        mission.wish("pause", f"lack of room ({lack})")
    return lack


@contextmanager
def pausing_for_room(mission: Mission) -> Generator[None]:
    """Stop the mission when what is done in the block did not work for lack of room."""
    try:
        yield
    except Exception as error:
        pause_for_room(mission, error)
        raise


@contextmanager
def telling_lack_of_room(folder: RunFolder) -> Generator[None]:
    """What a lack of room brought down is said in one sentence: a MissionError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, MissionError) and not isinstance(error, GitError):
            raise
        lack = lack_in(error, folder.home) or _seen({f"MISSION_HOME {folder.home}": folder.home}.items())
        if lack is None:
            raise
        raise MissionError(f"{lack}, then `mission resume {folder.run}`", exit_code=1) from error


def lack_in(error: BaseException, home: Path) -> Lack | None:
    """The lack of room that an error tells of."""
    if isinstance(error, GitError):
        number = next((number for number, said in _SAID.items() if said in error.stderr), None)
        place: object = error.folder
    elif isinstance(error, OSError):
        number, place = error.errno, error.filename or "a disk"
    else:
        return None
    within = Path(str(place)).is_relative_to(home)
    return Lack(f"MISSION_HOME {home}" if within else str(place), number) if number in _SAID else None


def _places(mission: Mission) -> Iterable[tuple[str, Path]]:
    yield f"MISSION_HOME {mission.settings.home}", mission.folder.path
    yield str(mission.root), git_directory(mission.root)


def _seen(places: Iterable[tuple[str, Path]]) -> Lack | None:
    for name, folder in places:
        try:
            disk = os.statvfs(folder)
        except OSError:
            continue
        if disk.f_flag & os.ST_RDONLY:
            return Lack(name, errno.EROFS)
        blocks = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail  # some are kept for root
        if blocks * disk.f_frsize < _LEAST or (disk.f_files and not disk.f_ffree):
            return Lack(name, errno.ENOSPC)
    return None
