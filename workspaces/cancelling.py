"""The end of a run that nobody is at work on."""

from __future__ import annotations

from ledger.events import Kind
from ledger.folder import RunFolder
from ledger.settings import Settings
from ledger.written import write_report
from workspaces.opening import opened


def record_cancelled(folder: RunFolder, settings: Settings, by: str) -> None:
    """What its last process left is cleared away, and that it was cancelled written down.

    Raises MissionError when somebody is at work on it after all, or it is over.
    """
    with opened(folder, settings) as mission:
        mission.ledger.append(Kind.MISSION_CANCELLED, reason=f"cancelled by {by}", by=by)
        write_report(folder, mission.plan, mission.ledger.events)
