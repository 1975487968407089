"""`mission list`: every run."""

from __future__ import annotations

import click

from blueprints.errors import MissionError
from cli import options
from ledger.folder import RunFolder, all_runs
from ledger.settings import Settings
from ledger.standing import standing


@click.command("list")
@options.as_json
def command(as_json: bool) -> None:
    """List all runs, oldest first."""
    rows = [_row(folder) for folder in all_runs(Settings().home)]
    if as_json:
        options.echo_json(rows)
    elif not rows:
        click.echo("no runs yet; start one with `mission run BLUEPRINT`")
    for row in [] if as_json else rows:
        click.echo(f"{row['run']:<44} {row['status']:<12} {row['startedAt'][:16]}  {row['reason'][:80]}".rstrip())


def _row(folder: RunFolder) -> dict[str, str]:
    """One damaged run is a row, and not the end of the list."""
    try:
        report = standing(folder)
    except MissionError as error:
        return {"run": folder.run, "status": "unreadable", "reason": str(error), "startedAt": ""}
    return {"run": report.run, "status": report.status, "reason": report.reason, "startedAt": report.started_at}
