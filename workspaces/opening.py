"""Taking a run up: its lock, its ledger, its repository, and the traces of a former life."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from blueprints.errors import MissionError
from ledger import requests
from ledger.events import Kind, Ledger
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import RunStatus
from ledger.settings import Settings
from workspaces.amended import finish, require_agreed
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.room import telling_lack_of_room
from workspaces.strays import end_strays
from workspaces.whereabouts import here, repository_of


@contextmanager
def opened(
    folder: RunFolder, settings: Settings, *, max_concurrency: int | None = None, to_land: bool = False
) -> Generator[Mission]:
    """The mission, ours alone until the block ends. Raises MissionError when there is nothing to go on with.

    What has passed can only be opened `to_land` its result.
    """
    with telling_lack_of_room(folder), folder.own() as lease:
        if lease.former:
            end_strays(lease.former)
        requests.forget(folder)
        mission = _mission(folder, settings, max_concurrency, to_land=to_land)
        mission.ledger.guard(lease.check, mission.stop.set)
        lease.when_lost(mission.stop.set)
        reconcile(mission, lease)
        yield mission


def _mission(folder: RunFolder, settings: Settings, max_concurrency: int | None, *, to_land: bool) -> Mission:
    ledger = Ledger(folder.ledger)
    finish(folder, ledger.events)
    plan = here(folder, folder.plan())
    status = build_report(folder.run, plan, ledger.events).status
    if to_land and status is not RunStatus.PASSED:
        raise MissionError(f"{folder.run} has not passed ({status}): there is nothing to land", exit_code=1)
    if status in (RunStatus.PASSED, RunStatus.REJECTED, RunStatus.CANCELLED) and not to_land:
        raise MissionError(
            f"{folder.run} is over ({status}); start a new run",
            exit_code=2 if status is RunStatus.PASSED else 4,
        )
    require_agreed(plan, folder, ledger.events)
    start = repository_of(folder, ledger.events)
    limit = max_concurrency or _approved_concurrency(ledger) or plan.blueprint.max_concurrency
    return Mission(folder, plan, ledger, start, limit, settings)


def _approved_concurrency(ledger: Ledger) -> int | None:
    """What the approver chose, or an amendment, in a former life of the run."""
    kinds = (Kind.PLAN_APPROVED, Kind.PLAN_AMENDED)
    chosen = [e.data["maxConcurrency"] for e in ledger.events if e.kind in kinds and "maxConcurrency" in e.data]
    return chosen[-1] if chosen else None
