"""`mission resume`: go on where a run stopped."""

from __future__ import annotations

import click

from blueprints.errors import MissionError
from cli import options
from cli.drive import drive
from cli.standing import standing
from ledger.report import RunStatus


@click.command("resume")
@options.run
@options.accept
@options.as_json
def command(run: str | None, accepting: tuple[str, ...], as_json: bool) -> int:
    """Go on with RUN after a failure, an interruption or a crash: nothing finished is done again."""
    folder = options.the_run(run)
    report = standing(folder)
    if report.status is RunStatus.PASSED:
        click.echo(f"{folder.run} has passed already; nothing is left to do", err=as_json)
        return 0
    if report.status in (RunStatus.REJECTED, RunStatus.CANCELLED):
        raise MissionError(f"{folder.run} is over ({report.status}); start a new run", exit_code=4)
    options.note_accepted(folder, accepting)
    return drive(folder, as_json=as_json)
