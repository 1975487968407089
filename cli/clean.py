"""`mission clean`: remove what runs that are over left behind, and lose nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import click

from cli import options
from cli.duration import TIME
from ledger.folder import all_runs, find
from ledger.settings import Settings
from workspaces.cleaning import Cleaning, clean
from workspaces.home import clean_home
from workspaces.removal import Item, Survey

_UNITS = ("bytes", "kB", "MB", "GB")


@click.command("clean")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option(
    "--older-than",
    default="14d",
    type=TIME,
    show_default=True,
    help="Without RUN: only runs that have been over for so long, such as 8h or 14d.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would go and what would stay, and why.")
@options.as_json
def command(runs: tuple[str, ...], older_than: float, dry_run: bool, as_json: bool) -> None:
    """Remove worktrees, references, transcripts and evidence of RUN, or of all runs that have long been over.

    Reports, ledgers and results stay, and so does every commit that is not proven to be in the result.
    """
    settings = Settings()
    chosen = list(dict.fromkeys(find(settings.home, run) for run in runs)) or all_runs(settings.home)
    age = None if runs else timedelta(seconds=older_than)
    cleanings = [clean(run, settings, older_than=age, dry_run=dry_run) for run in chosen]
    beside = Survey() if runs else clean_home(settings.home, chosen, dry_run=dry_run)
    if as_json:
        options.echo_json(_data(cleanings, beside, dry_run=dry_run))
    else:
        _print(cleanings, beside, dry_run=dry_run)


def _data(cleanings: list[Cleaning], beside: Survey, *, dry_run: bool) -> dict[str, Any]:
    runs = [{"run": c.run, "status": c.status, **_survey_data(c.survey)} for c in cleanings]
    return {"dryRun": dry_run, "runs": runs, "beside": _survey_data(beside)}


def _survey_data(survey: Survey) -> dict[str, Any]:
    return {"goes": list(map(_item_data, survey.goes)), "stays": list(map(_item_data, survey.stays))}


def _item_data(item: Item) -> dict[str, Any]:
    return {"what": item.what, "name": item.name, "why": item.why, "bytes": item.size}


def _print(cleanings: list[Cleaning], beside: Survey, *, dry_run: bool) -> None:
    goes, stays = ("would go", "would stay") if dry_run else ("went", "stayed")
    for cleaning in cleanings:
        click.echo(click.style(f"{cleaning.run} ({cleaning.status})", bold=True))
        _print_items(goes, cleaning.survey.goes)
        _print_items(stays, cleaning.survey.stays)
    if beside.goes or beside.stays:
        click.echo(click.style("beside the runs", bold=True))
        _print_items(goes, beside.goes)
        _print_items(stays, beside.stays)
    gone = [item for survey in (*(c.survey for c in cleanings), beside) for item in survey.goes]
    click.echo(f"{_size(sum(item.size for item in gone))} {goes}" if gone else f"nothing {goes}")


def _print_items(word: str, items: Iterable[Item]) -> None:
    for item in items:
        size = f" ({_size(item.size)})" if item.size else ""
        click.echo(f"  {word}: {item.what} {item.name}{size}: {item.why}")


def _size(count: float) -> str:
    """Bytes, for people."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"
