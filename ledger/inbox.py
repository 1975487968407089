"""What waits for people in all runs, and what became of the runs since they looked last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pydantic import Field

from blueprints.errors import MissionError
from ledger.cells import cell, duration, sign
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder, all_runs
from ledger.gates import still_open
from ledger.report import Entry, MissionReport, RunStatus
from ledger.standing import standing


class Question(Entry):
    """A decision that a run waits for."""

    run: str
    asks: str
    since: str
    """When it was asked first; an ISO timestamp."""
    ui: str | None
    """The run's page in Prefect."""


class Standing(Entry):
    """How a run stands."""

    run: str
    status: str
    reason: str
    result: str | None
    """The branch and its commit, when it has passed."""
    seconds: float
    report: str
    """Path of the report for people."""


class Inbox(Entry):
    waiting: list[Question] = Field(default=[])
    ended: list[Standing] = Field(default=[])
    """Since the time that was asked about."""
    unfinished: list[Standing] = Field(default=[])
    """Those that wait for nobody's decision."""


def inbox(home: Path, since: datetime) -> Inbox:
    """Everything under this home; of what is over only what ended after `since`."""
    found = Inbox()
    for folder in all_runs(home):
        try:
            _sort(folder, since, found)
        except MissionError as error:
            found.unfinished.append(
                Standing(run=folder.run, status="unreadable", reason=str(error), result=None, seconds=0.0, report="")
            )
    return found


def markdown(found: Inbox) -> str:
    """For Prefect's UI."""
    waiting = [
        f"| {_linked(q)} | {cell(q.asks)} | {q.since[:16].replace('T', ' ')} UTC | `mission status {q.run}` |"
        for q in found.waiting
    ]
    parts = [
        *_table("Decisions that wait", "| run | asks | since | more |", waiting),
        *_table("What became of the runs", "| run | status | took | why |", map(_row, found.ended)),
        *_table("Unfinished", "| run | status | took | why |", map(_row, found.unfinished)),
    ]
    return "\n".join(parts) or "Nothing waits, and nothing has ended lately."


def _sort(folder: RunFolder, since: datetime, found: Inbox) -> None:
    events, report = read_events(folder.ledger), standing(folder)
    gate = still_open(events)
    if report.status is RunStatus.WAITING and gate:
        asked = _first(events, gate)
        asks = str(gate.data.get("about", "the plan waits for approval"))
        found.waiting.append(Question(run=folder.run, asks=asks, since=asked.timestamp, ui=report.ui))
    elif not report.status.over:
        found.unfinished.append(_stands(folder, report))
    elif events[-1].at >= since:
        found.ended.append(_stands(folder, report))


def _first(events: Iterable[Event], gate: Event) -> Event:
    """When it was asked first: each life of a run asks again."""
    about = gate.data.get("gate", gate.data.get("plan"))
    kinds = (Kind.PLAN_PROPOSED, Kind.GATE_OPENED)
    return next(e for e in events if e.kind in kinds and e.data.get("gate", e.data.get("plan")) == about)


def _stands(folder: RunFolder, report: MissionReport) -> Standing:
    passed = report.status is RunStatus.PASSED
    return Standing(
        run=report.run,
        status=report.status,
        reason=report.reason,
        result=f"{report.branch} at {str(report.commit)[:12]}" if passed else None,
        seconds=report.seconds,
        report=str(folder.report("md")),
    )


def _table(title: str, head: str, rows: Iterable[str]) -> Iterator[str]:
    if lines := [*rows]:
        columns = head.count("|") - 1
        yield from ("", f"## {title}", "", head, "|" + " --- |" * columns, *lines)


def _row(run: Standing) -> str:
    why = cell(run.result or run.reason)
    return f"| `{run.run}` | {sign(run.status)} | {duration(run.seconds)} | {why} |"


def _linked(question: Question) -> str:
    return f"[{question.run}]({question.ui})" if question.ui else f"`{question.run}`"
