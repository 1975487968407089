"""Cleaning up after runs that are over: what nobody needs goes, and nothing whose loss is not proven harmless.

A cleaned run keeps its ledger, plan, blueprint, contract, handoffs and reports, and its result's branch. What is
decided is done in steps that can be repeated: killed in the middle, it is simply run again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from blueprints.errors import MissionError
from ledger.events import Event, Kind, Ledger, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import RunStatus
from ledger.settings import Settings
from workspaces import git
from workspaces.leftovers import records, worktrees
from workspaces.mission import Mission
from workspaces.opening import opened
from workspaces.power_loss import remove_stale_locks
from workspaces.removal import Item, Step, Survey, What, empty_folder_gone, folder_gone, kept, size_of, total
from workspaces.retention import Branches, Reference
from workspaces.whereabouts import repository_of

_NO_LEDGER = Path(os.devnull)  # opening the run's would cut off a torn line: a change, and perhaps its new owner's


@dataclass(frozen=True)
class Cleaning:
    """A run, and what went of it or would go."""

    run: str
    status: str
    survey: Survey


@dataclass(frozen=True)
class _Run:
    folder: RunFolder
    settings: Settings
    status: RunStatus
    events: list[Event]

    @property
    def name(self) -> str:
        return self.folder.run

    @property
    def facts(self) -> Mapping[str, Any]:
        return next(event for event in self.events if event.kind is Kind.MISSION_ACCEPTED).data

    def mission(self) -> Mission:
        """As much as a clean-up needs; MissionError when its repository is not there."""
        start = repository_of(self.folder, self.events)
        return Mission(self.folder, self.folder.plan(), Ledger(_NO_LEDGER), start, 1, self.settings)


def clean(folder: RunFolder, settings: Settings, *, older_than: timedelta | None = None, dry_run: bool) -> Cleaning:
    """What goes of a run goes, or would. With `older_than` only if it is over, and has been for so long."""
    try:
        run = _run(folder, settings)
    except MissionError as error:
        return Cleaning(folder.run, "unreadable", kept(What.RUN, folder.run, str(error)))
    if why := _hands_off(run, older_than):
        return Cleaning(run.name, run.status, kept(What.RUN, run.name, why))
    try:
        return Cleaning(run.name, run.status, _survey(run) if dry_run else _cleaned(run))
    except MissionError as error:  # somebody has taken it up
        return Cleaning(run.name, run.status, kept(What.RUN, run.name, str(error)))


def _run(folder: RunFolder, settings: Settings) -> _Run:
    events = read_events(folder.ledger)
    return _Run(folder, settings, build_report(folder.run, folder.plan(), events).status, events)


def _cleaned(run: _Run) -> Survey:
    if not run.status.over:
        return _survey(run).perform()
    with run.folder.own():
        if read_events(run.folder.ledger) != run.events:
            return kept(What.RUN, run.name, "it went on meanwhile")
        return _survey(run).perform()


def _hands_off(run: _Run, older_than: timedelta | None) -> str | None:
    if run.folder.alive():
        return "a process is at work on it"
    if older_than is None:
        return None
    if not run.status.over:
        return f"it is not over; go on with `mission resume {run.name}` or end it with `mission cancel {run.name}`"
    ended = run.events[-1].at
    if datetime.now(UTC) - ended >= older_than:
        return None
    return f"its last event is of {ended.astimezone():%Y-%m-%d %H:%M}; that is not long enough ago"


def _survey(run: _Run) -> Survey:
    try:
        mission = run.mission()
    except MissionError as error:
        return _without_repository(run, str(error)) + (_files(run, None) if run.status.over else Survey())
    if run.status.over:
        return (
            _references(run, mission) + _and_folder(run, worktrees(mission)) + records(mission) + _files(run, mission)
        )
    why = f"it is not over: all but worktrees is for `mission resume {run.name}`"
    return _and_folder(run, worktrees(mission, partial(_take_up, run))) + kept(What.RUN, run.name, why)


def _take_up(run: _Run) -> None:
    """Worktrees of a process that died go as they do when the run is resumed."""
    with opened(run.folder, run.settings):
        pass


def _without_repository(run: _Run, why: str) -> Survey:
    rest = kept(What.REPOSITORY, run.facts["repository"], f"references and worktrees cannot be looked at: {why}")
    told = "what is in it cannot be archived without the repository"
    rooms = sorted(run.folder.worktrees.glob("*"))
    return rest + _and_folder(run, total(kept(What.WORKTREE, str(room), told, size=size_of(room)) for room in rooms))


def _and_folder(run: _Run, trees: Survey) -> Survey:
    """The folder of all of its worktrees goes with the last of them."""
    return trees if trees.stays else trees + empty_folder_gone(run.folder.worktrees)


def _references(run: _Run, mission: Mission) -> Survey:
    branches = Branches.of(mission.root, mission.branch, mission.repository.base_branch)
    by_content = run.status is not RunStatus.FAILED
    fates = branches.fates(f"refs/missions/{run.name}", by_content=by_content)
    items = {ref: Item(What.REFERENCE, ref.name, fate.why) for ref, fate in fates.items()}
    going = [ref for ref, fate in fates.items() if fate.goes]
    step = Step(tuple(items[ref] for ref in going), partial(_release, mission, branches, going))
    return Survey((step,) if going else (), tuple(items[ref] for ref in fates if ref not in going))


def _release(mission: Mission, branches: Branches, references: list[Reference]) -> None:
    """A clean-up that was killed may have left locks; this process owns the run."""
    remove_stale_locks(mission)
    branches.release(references)


def _files(run: _Run, mission: Mission | None) -> Survey:
    transcripts, evidence = run.folder.path / "transcripts", run.folder.path / "evidence"
    told = folder_gone(
        What.TRANSCRIPTS, transcripts, "the run is over; nothing reads what its agents were told and said"
    )
    if (why := _need_of_evidence(run, mission)) and evidence.exists():
        return told + kept(What.EVIDENCE, str(evidence), why, size=size_of(evidence))
    return told + folder_gone(
        What.EVIDENCE, evidence, "the run is over; its verdicts and their reasons are in the ledger"
    )


def _need_of_evidence(run: _Run, mission: Mission | None) -> str | None:
    """Checks compare with the recorded results of tests, which are part of the evidence."""
    if run.status is RunStatus.FAILED:
        return "a resume compares with what its checks saw"
    if run.status is not RunStatus.PASSED or mission is None:
        return None
    result = git.resolve_branch(mission.root, mission.branch)
    if result is None:
        return None
    base = mission.repository.base_branch
    return (
        None
        if Branches.of(mission.root, base).have(result)
        else f"{mission.branch} is not in {base} yet: landing compares with what its checks saw"
    )
