"""`mission schema`: the JSON Schema of blueprints, for editors."""

from __future__ import annotations

import click

from blueprints.json_schema import text


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of blueprints."""
    click.echo(text(), nl=False)
