"""`mission resume`: go on where a run stopped, perhaps with another blueprint."""

from __future__ import annotations

from pathlib import Path

import click

from blueprints.errors import MissionError
from blueprints.load import load
from cli import options
from cli.amend import amended
from cli.drive import drive
from ledger.events import read_events
from ledger.folder import RunFolder
from ledger.report import RunStatus
from ledger.standing import standing
from ledger.written import write_report
from workspaces.amended import current_plan


@click.command("resume")
@options.run
@options.changed_blueprint(required=False)
@options.settings
@click.option("--yes", is_flag=True, help="Approve the changed plan.")
@options.accept
@options.as_json
def command(
    run: str | None,
    blueprint: Path | None,
    settings: tuple[str, ...],
    yes: bool,
    accepting: tuple[str, ...],
    as_json: bool,
) -> int:
    """Go on with RUN after a failure, an interruption or a crash: nothing finished is done again.

    With another blueprint, exactly what it changes is done again, and what depends on that.
    """
    folder = options.the_run(run)
    report = standing(folder)
    if report.status.over and report.status is not RunStatus.FAILED and not folder.alive():
        _finish(folder)
    if report.status is RunStatus.PASSED:
        click.echo(f"{folder.run} has passed already; nothing is left to do", err=as_json)
        return 0
    if report.status in (RunStatus.REJECTED, RunStatus.CANCELLED):
        raise MissionError(f"{folder.run} is over ({report.status}); start a new run", exit_code=4)
    if blueprint:
        _amend(folder, blueprint, settings, yes=yes, as_json=as_json)
    elif settings or yes:
        raise MissionError("--set and --yes are about a changed plan; name its file with --blueprint")
    options.note_accepted(folder, accepting)
    return drive(folder, as_json=as_json)


def _finish(folder: RunFolder) -> None:
    """Its process may have died after its last word: what was left to do is to write the report."""
    with folder.own():
        write_report(folder, current_plan(folder), read_events(folder.ledger))


def _amend(folder: RunFolder, blueprint: Path, settings: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    different = amended(folder, load(blueprint, options.overrides(settings)), approved=yes)
    click.echo(different.text(), nl=False, err=as_json)
