"""`mission report`: the outcome."""

from __future__ import annotations

import click

from cli import options
from ledger import render
from ledger.standing import standing


@click.command("report")
@options.run
@click.option("--format", "form", type=click.Choice(["md", "json", "html"]), default="md", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(run: str | None, form: str, as_json: bool) -> None:
    """Print the report of RUN."""
    report = standing(options.the_run(run))
    match "json" if as_json else form:
        case "json":
            click.echo(report.model_dump_json(indent=2))
        case "html":
            click.echo(render.html(report), nl=False)
        case _:
            click.echo(render.markdown(report), nl=False)
