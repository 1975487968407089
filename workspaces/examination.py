"""A state that came from elsewhere, looked at before anything is done with it. Nothing in it is executed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from blueprints.errors import MissionError
from blueprints.plan import Plan
from ledger.events import Event, Kind, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import MissionReport
from workspaces import git
from workspaces.git_command import fields
from workspaces.git_command import git as run_git
from workspaces.state import FILES, MANIFEST, STAYS, Manifest, branch_ref, parents

_LARGEST = 1 << 30
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_MADE = {Kind.WORKER_COMPLETED: "commitId", Kind.MILESTONE_SEALED: "commit"}
"""Where an event of this kind names a commit of the run's."""


@dataclass(frozen=True)
class State:
    """A state that was looked at: its ledger is whole and about the commits that come with it."""

    commit: str
    manifest: Manifest
    events: list[Event]
    base: str
    folder: RunFolder
    """Its files, laid down where nobody else looks."""


def examine(repo: Path, commit: str, run: str, home: Path) -> State:
    """The state of a run in a commit that is here, its files laid down under `home`.

    Raises MissionError, in one sentence, unless it is whole and in itself consistent. Nothing in it is executed.
    """
    manifest = _manifest(repo, commit, run)
    folder = RunFolder(home, run)
    _lay_down(repo, commit, folder.path)
    try:
        events = read_events(folder.ledger)
    except (MissionError, OSError) as error:
        raise _broken(run, str(error).replace(f"{folder.ledger}", "ledger line ").replace("line :", "line ")) from None
    accepted = events[0] if events else None
    if accepted is None or accepted.kind is not Kind.MISSION_ACCEPTED or accepted.data.get("run") != run:
        raise _broken(run, "its ledger is not of this run")
    base = str(accepted.data.get("base"))
    if git.parents_of(repo, commit) != parents(base, manifest.refs):
        raise _broken(run, "the commits that come with it are not those of its references")
    if not _holds(repo, commit, _claimed(events)):
        raise _broken(run, "its ledger tells of commits that do not come with it")
    return State(commit, manifest, events, base, folder)


def report_of(state: State, plan: Plan) -> MissionReport:
    """The report as the state's ledger tells it. Raises MissionError when that makes no sense for the plan."""
    try:
        return build_report(state.manifest.run, plan, state.events)
    except (LookupError, StopIteration, ValueError, TypeError, AttributeError):
        raise _broken(state.manifest.run, "its ledger tells of another plan than its own") from None


def _claimed(events: Iterable[Event]) -> set[str]:
    """The commits that the ledger says are made."""
    made = (event.data.get(_MADE[event.kind]) for event in events if event.kind in _MADE)
    return {str(commit) for commit in made if commit}


def _holds(repo: Path, state: str, commits: set[str]) -> bool:
    """Whether all of the commits come with the state. A name that means no commit here does not."""
    if not all(_COMMIT.fullmatch(commit) for commit in commits):
        return False
    beyond = run_git(repo, "rev-list", "--max-count=1", *sorted(commits), f"^{state}", fine=(0, 128))
    return beyond.ok and not beyond.output


def _manifest(repo: Path, commit: str, run: str) -> Manifest:
    blob = git.blob_at(repo, commit, MANIFEST)
    try:
        manifest = Manifest.model_validate_json(git.read_blob(repo, blob) if blob else b"")
    except ValidationError:
        raise _broken(run, f"it has no {MANIFEST} of this version of Missions") from None
    if manifest.run != run:
        raise _broken(run, f"it is of {manifest.run}")
    for ref, at in manifest.refs.items():
        inside = ref.startswith(f"refs/missions/{run}/") or ref == branch_ref(run)
        plain = re.fullmatch(r"[A-Za-z0-9._/-]+", ref) and ".." not in ref
        if not (inside and plain and _COMMIT.fullmatch(at)):
            raise _broken(run, f"it holds {ref[:80]!r}, which is no reference of this run")
    return manifest


def _broken(run: str, why: str) -> MissionError:
    return MissionError(f"the state of {run} is refused: {why}", exit_code=1)


def _lay_down(repo: Path, commit: str, folder: Path) -> None:
    """Write the files of a state; a name that leads out of its folder, or a file that is none, is refused."""
    lines = [line.partition("\t") for line in fields(repo, "ls-tree", "-r", "-l", "-z", commit, f"{FILES}/")]
    found = {path.removeprefix(f"{FILES}/"): about.split() for about, _, path in lines}
    if any(about[0] != "100644" or not _is_plain(path) for path, about in found.items()):
        raise _broken(folder.name, "it holds something else than plain files")
    if sum(int(about[3]) for about in found.values()) > _LARGEST:
        raise _broken(folder.name, "it is larger than 1 GiB")
    contents = git.read_blobs(repo, [about[2] for about in found.values()])
    folder.mkdir(parents=True, exist_ok=True)
    for path, about in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(contents[about[2]])


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    return parts[0] not in STAYS and all(part.isprintable() and part not in ("", ".", "..") for part in parts)
