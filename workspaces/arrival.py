"""A run that another machine left unfinished is taken up here, from what it pushed to a git remote."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blueprints.errors import MissionError
from blueprints.plan import Plan
from ledger.files import flush_folder, make_folder
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces import git
from workspaces.amended import agreed
from workspaces.durable import flush
from workspaces.examination import State, examine, report_of
from workspaces.remote import FULL_CLONE, fetch, is_shallow, references
from workspaces.repository import Repository
from workspaces.state import state_ref
from workspaces.whereabouts import Place, settle


@dataclass(frozen=True)
class Arrived:
    """A run that goes on here."""

    folder: RunFolder
    known: str
    """The state that it goes on from, as it lies on the remote."""


def arrive(plan: Plan, source: Repository, remote: str, settings: Settings) -> Arrived | None:
    """The latest unfinished run of this plan that lies on the remote; None when there is none.

    Raises MissionError when a state there cannot be trusted, or cannot go on here.
    """
    with _aside(settings.home) as aside:
        found = [state for state in _states(plan, source, remote, aside) if _goes_on(state, plan)]
        if not found:
            return None
        latest = max(found, key=lambda state: state.events[-1].timestamp)
        _require_history(source, latest)
        folder = RunFolder(settings.home, latest.manifest.run)
        if _is_news(latest, folder):
            _install(source.root, latest, folder)
        settle(folder, Place(source.root, Path(plan.folder)))
    return Arrived(folder, latest.commit)


def _states(plan: Plan, source: Repository, remote: str, aside: Path) -> Iterator[State]:
    """Those of this mission, whatever their plan."""
    pattern = re.compile(rf"refs/missions/({re.escape(plan.blueprint.mission)}-[0-9]{{8}}-[0-9a-f]{{6}})/state")
    found = references(source.root, remote, "refs/missions/*/state")
    runs = {match[1]: commit for ref, commit in found.items() if (match := pattern.fullmatch(ref))}
    fetch(source.root, remote, [state_ref(run) for run in runs])
    for run, commit in runs.items():
        try:
            yield examine(source.root, commit, run, aside)
        except MissionError as error:
            raise MissionError(
                f"{error}; look at it, then delete it with `git push {remote} :{state_ref(run)}`", exit_code=1
            ) from None


def _goes_on(state: State, plan: Plan) -> bool:
    if agreed(state.events) != plan.digest:
        return False
    return not report_of(state, plan).status.over


def _require_history(source: Repository, state: State) -> None:
    """Where the base branch stands to the run's base cannot be told from a clone without history."""
    if is_shallow(source.root) and not git.is_ancestor(source.root, state.base, source.base):
        raise MissionError(
            f"{source.root}: a shallow clone, and {state.manifest.run} began from {state.base[:12]}, which is not in "
            f"it; {FULL_CLONE}",
            exit_code=1,
        )


def _is_news(state: State, folder: RunFolder) -> bool:
    """Whether the state is further on than what is here. Raises MissionError when both went on by themselves."""
    if folder.alive():
        raise MissionError(f"{folder.run} is at work on this machine; nothing was taken up", exit_code=1)
    ours, theirs = _text(folder), _text(state.folder)
    if not (ours.startswith(theirs) or theirs.startswith(ours)):
        raise MissionError(
            f"{folder.run} went on both here and elsewhere; keep one: move {folder.path} away, or delete "
            f"{state_ref(folder.run)} on the remote",
            exit_code=1,
        )
    return len(theirs) > len(ours)


def _install(repo: Path, state: State, folder: RunFolder) -> None:
    """Its references first: what the ledger says is done is in git when the ledger is there."""
    git.update_refs(repo, [git.RefChange(ref, commit) for ref, commit in state.manifest.refs.items()])
    flush(repo)
    shutil.rmtree(folder.path, ignore_errors=True)
    make_folder(folder.path.parent)
    state.folder.path.rename(folder.path)
    flush_folder(folder.path.parent)


def _text(folder: RunFolder) -> bytes:
    return folder.ledger.read_bytes() if folder.was_accepted else b""


@contextmanager
def _aside(home: Path) -> Generator[Path]:
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=home) as folder:
        yield Path(folder)
