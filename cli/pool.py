"""`mission pool`: a work pool for missions, with what its flow runs need to be brought back and heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.settings import Settings

if TYPE_CHECKING:
    from deployments.pool import PoolType


@click.command("pool")
@click.argument("name", default="missions")
@click.option("--type", "kind", type=click.Choice(["process", "docker"]), help="What a run is: a process, by default.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Most missions at work in it at once.")
@click.option("--image", help="The image that containers are made of (docker).")
@click.option("--volume", "volumes", multiple=True, metavar="SOURCE:TARGET", help="What containers see (docker).")
@click.option(
    "--notify",
    "blocks",
    multiple=True,
    metavar="BLOCK_TYPE/BLOCK_NAME",
    help="A block of Prefect that is told what waits, fails, finishes or is stuck, such as slack-webhook/team.",
)
def command(
    name: str,
    kind: PoolType | None,
    limit: int | None,
    image: str | None,
    volumes: tuple[str, ...],
    blocks: tuple[str, ...],
) -> None:
    """Make the work pool NAME for missions, or bring it up to date: by itself nothing is made twice."""
    from cli.embedded import use_server
    from cli.hints import to_start_a_worker

    home = Settings().home
    api = use_server(home)
    from deployments.automations import bring_back, find_block, notify
    from deployments.pool import Wanted, has_worker, make_pool
    from deployments.server import asked

    with asked(api) as client:
        found = [find_block(client, block) for block in blocks]
        pool = make_pool(client, Wanted(name, kind, limit, image, volumes))
        automations = [*bring_back(client, name), *notify(client, name, found)]
        at_work = has_worker(client, name)
    limited = f", at most {pool.concurrency_limit} at once" if pool.concurrency_limit else ""
    click.echo(f"work pool {name} ({pool.type}{limited})")
    for automation in automations:
        click.echo(f"automation {automation}")
    if not at_work:
        click.echo(to_start_a_worker(home, api, name))
