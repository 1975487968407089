"""`mission inbox`: what waits for a decision, and what became of the runs of the night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from blueprints.errors import MissionError, one_line
from cli import options
from cli.duration import TIME
from cli.gates import how_to_answer, open_gate
from cli.waiting import cancelled_meanwhile
from ledger.cells import duration
from ledger.folder import RunFolder, all_runs
from ledger.inbox import Inbox, Standing, inbox
from ledger.settings import Settings


@click.command("inbox")
@click.option("--since", default="24h", type=TIME, show_default=True, help="How long ago what ended may lie.")
@options.as_json
def command(since: float, as_json: bool) -> None:
    """List the decisions that runs wait for, what has ended lately, and what is unfinished."""
    home = Settings().home
    _hear_prefect(home)
    found = inbox(home, datetime.now(UTC) - timedelta(seconds=since))
    if as_json:
        options.echo_json(found.model_dump(mode="json"))
        return
    for question in found.waiting:
        click.echo(f"{question.run} waits since {question.since[:16].replace('T', ' ')} UTC")
        for line in how_to_answer(question.run, open_gate(RunFolder(home, question.run))).splitlines():
            click.echo(f"  {one_line(line)}")
        if question.ui:
            click.echo(f"  {question.ui}")
    _list(found)


def _hear_prefect(home: Path) -> None:
    """What waits there may have been cancelled there."""
    try:
        for folder in all_runs(home):
            cancelled_meanwhile(folder)
    except MissionError as error:
        click.echo(f"{error}\nwhat was cancelled in Prefect meanwhile is not known", err=True)


def _list(found: Inbox) -> None:
    if not found.waiting:
        click.echo("no decision waits")
    for run in [*found.ended, *found.unfinished]:
        click.echo(f"{run.run} {run.status} ({duration(run.seconds)}): {one_line(_outcome(run))}".removesuffix(": "))


def _outcome(run: Standing) -> str:
    return f"{run.result}, {run.report}" if run.result else run.reason
