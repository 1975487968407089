"""`mission run`: from a blueprint to a report."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from agents.obstacles import obstacles
from blueprints.load import load
from cli import options
from cli.drive import drive
from ledger.events import Kind, Ledger
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces.acceptance import accept


@click.command("run")
@options.blueprint
@click.option("--repo", type=click.Path(path_type=Path), help="Work on the repository in this folder.")
@options.settings
@click.option("--yes", is_flag=True, help="Approve the plan.")
@options.accept
@options.as_json
def command(
    blueprint: Path,
    repo: Path | None,
    settings: tuple[str, ...],
    yes: bool,
    accepting: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run the mission of BLUEPRINT.

    Exit codes: 0 passed, 1 failed, 2 usage or blueprint, 3 bug, 4 rejected or cancelled, 5 waiting for a
    decision, 130 interrupted (the run is paused and can be resumed).
    """
    loaded = load(blueprint, options.overrides(settings))
    options.known_assertions(accepting, loaded.plan)
    folder = accept(loaded, Settings(), objections=lambda source: obstacles(loaded.plan, source, None), path=repo)
    options.note_accepted(folder, accepting)
    if yes:
        _approve(folder)
    return drive(folder, as_json=as_json)


def _approve(folder: RunFolder) -> None:
    """The decision is in the ledger before the gate is reached."""
    plan = folder.plan()
    Ledger(folder.ledger).append(
        Kind.PLAN_APPROVED,
        plan=plan.digest,
        decision="approve",
        by=f"{getpass.getuser()} with --yes",
        note="",
        maxConcurrency=plan.blueprint.max_concurrency,
    )
