"""`mission status`: how a run stands."""

from __future__ import annotations

import click

from blueprints.errors import one_line
from cli import options
from cli.forecast import conflicts_ahead
from cli.table import print_report, watch
from ledger.standing import standing


@click.command("status")
@options.run
@click.option("--watch", "watching", is_flag=True, help="Stay and follow until the run ends.")
@options.as_json
def command(run: str | None, watching: bool, as_json: bool) -> None:
    """Show how RUN stands: the latest run, or the one whose name starts so."""
    folder = options.the_run(run)
    if as_json:
        options.echo_json(standing(folder).model_dump(mode="json"))
    elif watching:
        watch(folder)
    else:
        report = standing(folder)
        print_report(report)
        for line in conflicts_ahead(report):
            click.echo(one_line(line))
