"""`mission amend`: change the blueprint of a run that has not passed yet."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from agents.obstacles import obstacles
from blueprints.differences import Differences
from blueprints.load import Loaded, load
from cli import options
from ledger.folder import RunFolder
from ledger.settings import Settings
from ledger.written import write_report
from workspaces.amendment import amend, compare
from workspaces.opening import opened


@click.command("amend")
@options.run
@options.changed_blueprint(required=True)
@options.settings
@click.option("--yes", is_flag=True, help="Approve the changed plan.")
@click.option("--dry-run", is_flag=True, help="Only print what would run again; write nothing.")
@options.as_json
def command(
    run: str | None, blueprint: Path, settings: tuple[str, ...], yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Change the blueprint of RUN, which nobody is at work on and which has not passed.

    What the change does not touch stays done; the rest is done again when the run goes on. Comments, the order of
    keys and formatting change nothing.
    """
    folder, loaded = options.the_run(run), load(blueprint, options.overrides(settings))
    different = compare(folder, loaded) if dry_run else amended(folder, loaded, approved=yes)
    if as_json:
        options.echo_json(_as_data(folder, different, dry_run=dry_run))
        return
    click.echo(different.text(), nl=False)
    if not dry_run:
        click.echo(f"{folder.run}: go on with `mission resume {folder.run}`")


def amended(folder: RunFolder, loaded: Loaded, *, approved: bool) -> Differences:
    """Amend a run that nobody works on; its report follows."""
    with opened(folder, Settings()) as mission:
        different = amend(
            mission,
            loaded,
            by=getpass.getuser(),
            approved=f"{getpass.getuser()} with --yes" if approved else "",
            objections=lambda source: obstacles(loaded.plan, source, None),
        )
        write_report(folder, mission.plan, mission.ledger.events)
    return different


def _as_data(folder: RunFolder, different: Differences, *, dry_run: bool) -> dict[str, Any]:
    return {
        "run": folder.run,
        "changed": not different.nothing,
        "written": not (different.nothing or dry_run),
        "before": different.before,
        "plan": different.after,
        "again": [*different.again],
        "provedAgain": [*different.proved_again],
        "changes": [asdict(change) for change in different.changes],
    }
