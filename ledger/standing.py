"""How a run stands, for whoever is not its owner."""

from __future__ import annotations

from ledger.events import read_events
from ledger.fold import build_report, nobody_at_work
from ledger.folder import RunFolder
from ledger.gates import is_suspended, still_open
from ledger.report import MissionReport, RunStatus


def standing(folder: RunFolder) -> MissionReport:
    """The report so far. A run that says it is at work while nobody owns it was interrupted."""
    events = read_events(folder.ledger)
    report = build_report(folder.run, folder.plan(), events)
    if report.status is RunStatus.WAITING and is_suspended(still_open(events)):
        nobody_at_work(report)
    elif report.status in (RunStatus.RUNNING, RunStatus.WAITING) and not folder.alive():
        if report.status is RunStatus.RUNNING:
            report.status = RunStatus.PAUSED
        nobody_at_work(report)
        report.reason = f"its process is gone; go on with `mission resume {folder.run}`"
    return report
