"""Taking a run up: its lock, its ledger, its repository, and the traces of a former life."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from blueprints.errors import MissionError
from ledger.events import Kind, Ledger
from ledger.folder import RunFolder
from ledger.report import RunStatus, build_report
from ledger.settings import Settings
from tasks.active import active
from workspaces.git import repository
from workspaces.mission import Mission
from workspaces.reconcile import reconcile


@contextmanager
def opened(folder: RunFolder, settings: Settings, *, max_concurrency: int | None, ui: str | None) -> Iterator[Mission]:
    """The mission, ours alone until the block ends. Raises MissionError when there is nothing to go on with."""
    with folder.own():
        mission = _mission(folder, settings, max_concurrency)
        reconcile(mission)
        folder.request.unlink(missing_ok=True)
        _announce(mission, ui)
        with active(mission):
            yield mission


def _mission(folder: RunFolder, settings: Settings, max_concurrency: int | None) -> Mission:
    plan, ledger = folder.plan(), Ledger(folder.ledger)
    status = build_report(folder.run, plan, ledger.events).status
    if status in (RunStatus.PASSED, RunStatus.REJECTED, RunStatus.CANCELLED):
        raise MissionError(
            f"{folder.run} is over ({status}); start a new run",
            exit_code=2 if status is RunStatus.PASSED else 4,
        )
    accepted = next(e for e in ledger.events if e.kind is Kind.MISSION_ACCEPTED)
    found = repository(Path(accepted.data["repository"]), accepted.data["baseBranch"])
    # The base is what was recorded, wherever the branch has moved since.
    start = replace(found, base=accepted.data["base"])
    limit = max_concurrency or _approved_concurrency(ledger) or plan.blueprint.max_concurrency
    return Mission(folder, plan, ledger, start, limit, settings)


def _approved_concurrency(ledger: Ledger) -> int | None:
    """What the approver chose, in a former life of the run."""
    approvals = [event for event in ledger.events if event.kind is Kind.PLAN_APPROVED]
    return approvals[-1].data.get("maxConcurrency") if approvals else None


def _announce(mission: Mission, ui: str | None) -> None:
    if any(event.kind is Kind.MISSION_RUN_STARTED for event in mission.ledger.events):
        mission.ledger.append(Kind.MISSION_RESUMED)
    mission.ledger.append(
        Kind.MISSION_RUN_STARTED,
        repository=str(mission.root),
        base=mission.repository.base,
        maxConcurrency=mission.max_concurrency,
        ui=ui,
    )
