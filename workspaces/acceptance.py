"""A blueprint becomes a run: everything is looked at before anything is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from blueprints.digest import digest
from blueprints.errors import MissionError, one_line
from blueprints.load import Loaded
from ledger import folder as runs
from ledger.events import Kind, Ledger, read_events
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces import git
from workspaces.amended import current_plan
from workspaces.git import Repository, repository
from workspaces.whereabouts import repository_of

Objections = Callable[[Repository], Iterable[str]]


def accept(
    loaded: Loaded,
    settings: Settings,
    *,
    objections: Objections = lambda _: (),
    run: str | None = None,
    path: Path | None = None,
) -> RunFolder:
    """The run folder of a new run on the blueprint's repository, or on the one at `path`.

    With the name of a `run` that was accepted before, that one's folder. Raises MissionError, with nothing
    left behind, when no mission can start there, or there are `objections` to it.
    """
    folder = RunFolder(settings.home, run or runs.new_run_id(loaded.blueprint.mission))
    if folder.was_accepted:
        _require_same(folder, loaded)
        require_none(objections(_recorded(folder)))
        return folder
    source = declared_repository(loaded, settings, path)
    _require_room(source)
    require_none(objections(source))
    require_outside(settings.home, source)
    shutil.rmtree(folder.path, ignore_errors=True)
    begin(folder, loaded, source, title=loaded.blueprint.goal)
    return folder


def begin(folder: RunFolder, loaded: Loaded, source: Repository, *, title: str) -> Ledger:
    """Write down what was accepted, and on which commit; the ledger, with this as its first line."""
    runs.create(folder, as_accepted(loaded), loaded.plan)
    ledger = Ledger(folder.ledger)
    ledger.append(
        Kind.MISSION_ACCEPTED,
        run=folder.run,
        title=title,
        plan=loaded.plan.digest,
        repository=str(source.root),
        base=source.base,
        baseBranch=source.base_branch,
    )
    return ledger


def _require_same(folder: RunFolder, loaded: Loaded) -> None:
    if current_plan(folder).digest != loaded.plan.digest:
        raise MissionError(
            f"{folder.run} has another plan; give the run another name, or none, or change its plan with "
            f"`mission resume {folder.run} --blueprint FILE`"
        )


def _recorded(folder: RunFolder) -> Repository:
    """Where the run is worked on."""
    return repository_of(folder, read_events(folder.ledger))


def require_none(objections: Iterable[str]) -> None:
    """Raises MissionError with all of them, if there are any."""
    if found := [*objections]:
        raise MissionError("\n".join(found))


def require_outside(home: Path, source: Repository) -> None:
    """Worktrees lie under the mission home: within the repository, git would take them for its own files."""
    if home.is_relative_to(source.root):
        raise MissionError(f"{home}: inside the repository {source.root}; set MISSION_HOME to a folder outside")


def _require_room(source: Repository) -> None:
    """Git keeps branches as files: one called `mission` leaves no place for `mission/<run>`."""
    for branch in ("mission", "missions"):
        if git.resolve_branch(source.root, branch):
            raise MissionError(f"{source.root}: its branch '{branch}' is in the way of {branch}/<run>; rename it")


def as_accepted(loaded: Loaded) -> str:
    """The blueprint as written, and what replaced parts of it."""
    settings = "".join(f"# --set {key}={one_line(value)}\n" for key, value in loaded.settings.items())
    return f"{loaded.text.rstrip()}\n{settings}"


def declared_repository(loaded: Loaded, settings: Settings, path: Path | None) -> Repository:
    """The repository that the blueprint names, or the one at `path`; one at a URL is cloned for this one run."""
    declared = loaded.blueprint.repository
    if path is not None:
        return repository(path.absolute(), declared.base_branch)
    if declared.url is not None:
        return repository(_cloned(declared.url, declared.base_branch, settings), declared.base_branch)
    return repository(loaded.folder / (declared.path or "."), declared.base_branch)


def _cloned(url: str, branch: str, settings: Settings) -> Path:
    """A clone of our own for this one run: its base is what the remote has now."""
    folder = settings.home / "repositories" / runs.new_run_id(digest(url)[:12])
    try:
        git.clone(url, folder, branch=branch)
    except git.GitError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise MissionError(f"repository.url: {url}: cannot be cloned at branch '{branch}': {error.stderr}") from None
    return folder
