"""What a power failure leaves of a run in git: locks of nobody's, objects without content, steps without commits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blueprints.errors import MissionError
from ledger.events import Kind
from workspaces import git
from workspaces.mission import Mission
from workspaces.worktree import git_directory


def remove_stale_locks(mission: Mission) -> None:
    """Locks on the run's own references, which nobody else writes. To be called while this process owns the run."""
    for file in _references(mission):
        if file.suffix == ".lock":
            file.unlink(missing_ok=True)


def mend(mission: Mission) -> None:
    """Files that were never flushed, so that nothing is in them, are in the way of git wherever it meets them."""
    for file in _references(mission):
        if _holds_nothing(file):
            file.unlink()
    for file in (git_directory(mission.root) / "objects").glob("[0-9a-f][0-9a-f]/*"):
        if file.stat().st_size == 0:
            file.unlink()  # git takes an object that has a file for stored, and would not write it again
    for entry in (git_directory(mission.root) / "worktrees").glob("*"):
        if _is_of(mission, entry) and _holds_nothing(entry / "commondir"):
            (entry / "commondir").write_text("../..\n", encoding="ascii")  # the same for all


def _references(mission: Mission) -> list[Path]:
    """The files of the run's own references, and their locks."""
    refs = git_directory(mission.root) / "refs"
    found = [refs / "heads" / mission.branch, refs / "heads" / f"{mission.branch}.lock"]
    for folder in (refs / "heads" / "missions" / mission.run, refs / "missions" / mission.run):
        found += folder.rglob("*")
    return [file for file in found if file.is_file()]


def _is_of(mission: Mission, entry: Path) -> bool:
    """Whether what git remembers of a worktree is about one of the run's."""
    try:
        return Path((entry / "gitdir").read_text().strip()).is_relative_to(mission.folder.worktrees)
    except (OSError, ValueError):
        return False


def _holds_nothing(file: Path) -> bool:
    return not file.exists() or not file.read_bytes().strip(b"\0")


def forget_lost_steps(mission: Mission) -> None:
    """Finished steps whose commit is gone are done again. Raises MissionError when a sealed milestone's is."""
    steps = {e.data["key"]: _commit(e.data) for e in mission.ledger.events if "key" in e.data}
    sealed = {e.data["milestone"]: e.data["commit"] for e in mission.ledger.events if e.kind is Kind.MILESTONE_SEALED}
    lost = git.missing(mission.root, [commit for commit in (*steps.values(), *sealed.values()) if commit])
    for milestone, commit in sealed.items():
        if commit in lost:
            raise MissionError(
                f"{mission.root}: {commit}, the result of milestone {milestone}, is gone; "
                "fetch it from a copy, or start a new run",
                exit_code=1,
            )
    for key, commit in steps.items():
        if commit in lost:
            mission.ledger.forget(key)


def _commit(data: Mapping[str, Any]) -> str | None:
    return data.get("commitId") or data.get("commit")
