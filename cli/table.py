"""A run at a terminal: a table that follows it, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.lines import told
from ledger.cells import duration
from ledger.events import Tail
from ledger.fold import Fold
from ledger.folder import RunFolder
from ledger.report import MilestoneReport, MissionReport
from ledger.standing import standing

_COLOURS = {
    "passed": "green",
    "sealed": "green",
    "integrated": "green",
    "done": "cyan",
    "running": "yellow",
    "waiting": "magenta",
    "parked": "magenta",
    "failed": "red",
    "quarantined": "red",
    "rejected": "red",
    "blocked": "red",
    "inconclusive": "red",
}
_LOOK = 0.2
"""Seconds between looks at the ledger."""


def print_report(report: MissionReport) -> None:
    Console(highlight=False).print(picture(report))
    if report.ui:
        click.echo(f"Prefect {report.ui}")  # whole, however narrow the terminal


def picture(report: MissionReport) -> RenderableType:
    """The run as a table, a row per feature and check."""
    rows = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    for title in ("milestone", "step", "status", "tries", "time"):
        rows.add_column(title, no_wrap=True)
    rows.add_column("", overflow="ellipsis", no_wrap=True, ratio=1)
    for milestone in report.milestones:
        _add_milestone(rows, milestone)
    head = Text.assemble((report.run, "bold"), "  ", _status(report.status), f"  {duration(report.seconds)}")
    return Group(head, rows, *_foot(report))


def _add_milestone(rows: Table, milestone: MilestoneReport) -> None:
    rows.add_row(Text(milestone.name, "bold"), "", _status(milestone.status), "", "", milestone.reason[:200])
    for feature in milestone.features:
        tries = str(feature.attempts or "")
        told = feature.reason or feature.summary
        rows.add_row("", feature.id, _status(feature.status), tries, duration(feature.seconds), told[:120])
    for merge in milestone.integration.merges:
        if merge.how != "clean":
            rows.add_row("", f"merge {merge.feature}", _status("integrated"), "", "", merge.how)
    for verdict in milestone.verdicts:
        rows.add_row(
            "",
            verdict.id,
            _status(verdict.status),
            str(verdict.round),
            duration(verdict.seconds),
            _brief(verdict.says),
        )


def _foot(report: MissionReport) -> Iterator[Text]:
    if report.reason:
        yield Text(report.reason)
    if report.branch:
        yield Text(f"branch {report.branch} at {(report.commit or '')[:12]}")


def _status(status: str) -> Text:
    return Text(status, _COLOURS.get(status, ""))


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def watch(folder: RunFolder) -> None:
    """Follow a run of another process until it ends."""
    follower = Follower(folder)
    with follower:
        while not follower.look().status.over and folder.alive():
            time.sleep(_LOOK)
    print_report(standing(folder))


class Follower:
    """Shows a run while it goes on: a live table at a terminal, a line per event elsewhere."""

    def __init__(self, folder: RunFolder, *, stderr: bool = False) -> None:
        self._tail = Tail(folder.ledger)
        self._fold = Fold(folder.run, folder.plan())
        self._stderr = stderr
        console = Console(highlight=False, stderr=stderr)
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Follower:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def look(self) -> MissionReport:
        """Show what is new; the report so far."""
        for event in self._tail.new():
            self._fold.add(event)
            line = told(event)
            if line and not self._live:
                click.echo(line, err=self._stderr)
        if self._live:
            self._live.update(picture(self._fold.report))
        return self._fold.report

    def pause(self) -> None:
        """Leave the terminal to somebody else for a while."""
        if self._live:
            self._live.stop()

    def go_on(self) -> None:
        if self._live:
            self._live.start()
