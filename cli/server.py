"""`mission server`: the embedded Prefect server."""

from __future__ import annotations

import click

from blueprints.errors import MissionError
from cli import options
from ledger.folder import all_runs
from ledger.settings import Settings


@click.group("server")
def command() -> None:
    """Manage the embedded Prefect server, which `mission run` starts and leaves running."""


@command.command("status")
@options.as_json
def status(as_json: bool) -> int:
    """Say where the embedded server is; exit code 1 when it does not run."""
    from cli.embedded import running

    server = running(Settings().home)
    if as_json:
        options.echo_json({"running": server is not None, "url": server.url if server else None})
    else:
        click.echo(
            f"Prefect at {server.url} (process {server.pid})" if server else "the embedded server is not running"
        )
    return 0 if server else 1


@command.command("start")
def start() -> None:
    """Start the embedded server, or find it running."""
    from cli.embedded import ensure

    click.echo(f"Prefect at {ensure(Settings().home).url}")


@command.command("stop")
@click.option("--force", is_flag=True, help="Also while a run is at work.")
def stop(force: bool) -> None:
    """Stop the embedded server; runs and their reports stay."""
    from cli import embedded

    at_work = [folder.run for folder in all_runs(Settings().home) if folder.alive()]
    if at_work and not force:
        raise MissionError(f"{', '.join(at_work)} is at work; pause it first, or give --force", exit_code=1)
    click.echo("stopped" if embedded.stop(Settings().home) else "the embedded server is not running")
