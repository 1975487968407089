"""`mission list`: every run."""

from __future__ import annotations

import click

from cli import options
from cli.standing import standing
from ledger.folder import all_runs
from ledger.settings import Settings


@click.command("list")
@options.as_json
def command(as_json: bool) -> None:
    """List all runs, oldest first."""
    reports = [standing(folder) for folder in all_runs(Settings().home)]
    if as_json:
        options.echo_json(
            [{"run": r.run, "status": r.status, "reason": r.reason, "startedAt": r.started_at} for r in reports]
        )
    elif not reports:
        click.echo("no runs yet; start one with `mission run BLUEPRINT`")
    for report in [] if as_json else reports:
        click.echo(f"{report.run:<44} {report.status:<12} {report.started_at[:16]}  {report.reason[:80]}".rstrip())
