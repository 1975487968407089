"""`mission show`: what the blueprint will do."""

from __future__ import annotations

from pathlib import Path

import click

from blueprints import show
from blueprints.load import load
from cli import options


@click.command("show")
@options.blueprint
@options.settings
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "json", "markdown"]),
    default="text",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(blueprint: Path, settings: tuple[str, ...], form: str, as_json: bool) -> None:
    """Show the plan of BLUEPRINT: milestones, waves, critical path, checks."""
    plan = load(blueprint, options.overrides(settings)).plan
    match "json" if as_json else form:
        case "json":
            options.echo_json(show.as_data(plan))
        case "mermaid":
            click.echo(show.mermaid(plan))
        case "markdown":
            click.echo(show.markdown(plan))
        case _:
            click.echo(show.text(plan))
