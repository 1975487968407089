"""Taking a run up: its lock, its ledger, its repository, and the traces of a former life."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from blueprints.errors import MissionError
from blueprints.plan import compile_plan
from ledger.events import Kind, Ledger
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import RunStatus
from ledger.settings import Settings
from workspaces.mission import Mission
from workspaces.reconcile import reconcile
from workspaces.repository import recorded_repository


@contextmanager
def opened(folder: RunFolder, settings: Settings, *, max_concurrency: int | None = None) -> Generator[Mission]:
    """The mission, ours alone until the block ends. Raises MissionError when there is nothing to go on with."""
    with folder.own():
        folder.request.unlink(missing_ok=True)
        mission = _mission(folder, settings, max_concurrency)
        reconcile(mission)
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
    facts = accepted.data
    if plan.digest != facts["plan"] or compile_plan(plan.blueprint, Path(plan.folder)) != plan:
        raise MissionError(f"{folder.plan_file}: not the plan that was accepted; it was edited: start a new run")
    start = recorded_repository(Path(facts["repository"]), facts["baseBranch"], facts["base"])
    limit = max_concurrency or _approved_concurrency(ledger) or plan.blueprint.max_concurrency
    return Mission(folder, plan, ledger, start, limit, settings)


def _approved_concurrency(ledger: Ledger) -> int | None:
    """What the approver chose, in a former life of the run."""
    approvals = [event for event in ledger.events if event.kind is Kind.PLAN_APPROVED]
    return approvals[-1].data.get("maxConcurrency") if approvals else None
