"""The report on disk."""

from __future__ import annotations

from collections.abc import Iterable

from blueprints.plan import Plan
from ledger.events import Event
from ledger.files import write_file
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.render import html, markdown
from ledger.report import MissionReport


def write_report(folder: RunFolder, plan: Plan, events: Iterable[Event]) -> MissionReport:
    """Write `report.{json,md,html}` of the run as it stands, and return it."""
    report = build_report(folder.run, plan, events)
    write_file(folder.report("json"), report.model_dump_json(indent=1))
    write_file(folder.report("md"), markdown(report))
    write_file(folder.report("html"), html(report))
    return report
