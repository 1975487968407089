"""`mission publish`: push what a job without a token made, after looking through all of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cli import options
from cli.annotations import inert, write_outputs, write_summary
from ledger.files import write_file
from ledger.render import markdown
from workspaces.publishing import Trusted, look_through
from workspaces.remote import push

Command = Callable[..., Any]


def trusting(command: Command) -> Command:
    """What `publish` and `verify` are told alike: the file, and what is taken from nowhere else than from here."""

    @wraps(command)
    def told(
        *, remote: str, repo: Path | None, blueprint: Path | None, settings: tuple[str, ...], **own: Any
    ) -> int | None:
        trusted = Trusted((repo or Path.cwd()).absolute(), remote, blueprint, options.overrides(settings))
        code: int | None = command(trusted=trusted, **own)
        return code

    parts = (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option("--remote", required=True, metavar="REMOTE", help="The remote that has the base branch."),
        click.option("--repo", type=click.Path(path_type=Path), help="Your own checkout, instead of this folder's."),
        click.option("--blueprint", type=click.Path(path_type=Path), metavar="YAML", help="The plan it must be of."),
        options.settings,
    )
    for part in reversed(parts):
        told = part(told)
    return told


@click.command("publish")
@trusting
@click.option("--branch", metavar="NAME", help="Publish a result on this branch, instead of the run's own.")
@click.option("--report", type=click.Path(path_type=Path), metavar="OUT", help="Write the report's Markdown there.")
@click.option("--dry-run", is_flag=True, help="Look through it, and push nothing.")
def command(file: Path, trusted: Trusted, branch: str | None, report: Path | None, dry_run: bool) -> None:
    """Push the run in FILE, which `mission run --bundle FILE` wrote, if all of it is in order.

    Looked at: it holds one run and nothing else; its ledger is whole; its plan is yours (--blueprint, or the file in
    the commit it began from); that commit is on the remote's base branch; a result passed everything the plan
    asks for, on exactly the commit that is pushed. Nothing in it is executed or checked out. A run that is not
    over gives its state only, for the next job to go on.

    This does not prove that the verdicts are true: who has the rights of the job that made them can forge them. For
    that, `mission verify` runs the checks again, in a job that has no token either.
    """
    found = look_through(file, trusted, branch=branch)
    told = found.report
    click.echo(inert(f"{told.run} {told.status} {told.reason}".rstrip()))
    if not dry_run:
        push(trusted.repo, trusted.remote, found.changes)
    for change in found.changes:
        done = f"{change.ref} is {'at ' + change.new if change.new else 'gone'}"
        click.echo(f"{'not done: ' if dry_run else ''}{done}")
    if report:
        write_file(report.absolute(), markdown(told))
    write_summary(told)
    write_outputs(told, told.status)
