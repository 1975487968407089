"""`mission pause | cancel`: ask the process that owns a run to stop."""

from __future__ import annotations

import getpass

import click

from blueprints.errors import MissionError
from cli import options
from cli.standing import standing
from ledger.events import Kind
from ledger.folder import RunFolder, ask
from ledger.settings import Settings
from ledger.written import write_report
from workspaces.opening import opened


@click.command("pause")
@options.run
@click.option("--now", is_flag=True, help="Stop the agents at work too; they start anew on resume.")
def pause(run: str | None, now: bool) -> None:
    """Pause RUN: what is at work is finished, nothing more is started."""
    folder = options.the_run(run)
    if not folder.alive():
        raise MissionError(f"{folder.run} is not running; see `mission status {folder.run}`")
    ask(folder, "pause", by=getpass.getuser(), how="stop" if now else "drain")
    click.echo(f"{folder.run}: asked to pause; go on with `mission resume {folder.run}`")


@click.command("cancel")
@options.run
def cancel(run: str | None) -> None:
    """Cancel RUN for good; its agents are stopped, what they had committed is kept under refs/missions/."""
    folder = options.the_run(run)
    status = standing(folder).status
    if status.over:
        raise MissionError(f"{folder.run} is over already ({status})")
    if folder.alive():
        ask(folder, "cancel", by=getpass.getuser())
        click.echo(f"{folder.run}: asked to cancel")
    else:
        _record(folder)
        click.echo(f"{folder.run}: cancelled")


def _record(folder: RunFolder) -> None:
    """Nobody is at work on it: what its last process left is cleared away, and the end written down, here."""
    with opened(folder, Settings()) as mission:
        by = getpass.getuser()
        mission.ledger.append(Kind.MISSION_CANCELLED, reason=f"cancelled by {by}", by=by)
        write_report(folder, mission.plan, mission.ledger.events)
