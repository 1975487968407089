"""`mission server`: the embedded Prefect server."""

from __future__ import annotations

import click

from cli import options
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
def stop() -> None:
    """Stop the embedded server; runs and their reports stay."""
    from cli import embedded

    click.echo("stopped" if embedded.stop(Settings().home) else "the embedded server is not running")
