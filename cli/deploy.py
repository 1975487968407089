"""`mission deploy`: a blueprint as a deployment in Prefect, to be run from its UI, from CI, or by the clock."""

from __future__ import annotations

from pathlib import Path

import click

from blueprints.load import load
from cli import options
from ledger.settings import Settings


@click.command("deploy")
@options.blueprint
@click.option("--name", help="The deployment's name; the mission's by default.")
@click.option("--pool", default="missions", show_default=True, help="The work pool whose workers run it.")
@click.option("--cron", metavar="LINE", help="When it starts by itself, as in crontab; the blueprint's by default.")
@click.option("--timezone", metavar="ZONE", help="The time zone of that, such as Europe/Berlin.")
@click.option("--image", help="The image of deployments/Dockerfile, for a pool of containers.")
@click.option("--repo", metavar="PATH", help="Work on the repository in this folder (with --image: the container's).")
@options.settings
def command(
    blueprint: Path,
    name: str | None,
    pool: str,
    cron: str | None,
    timezone: str | None,
    image: str | None,
    repo: str | None,
    settings: tuple[str, ...],
) -> None:
    """Deploy the mission of BLUEPRINT, or bring its deployment up to date."""
    overrides = options.overrides(settings)
    loaded = load(blueprint, overrides)
    from cli.embedded import use_server
    from cli.hints import to_run, to_start_a_worker

    home = Settings().home
    api = use_server(home)
    from deployments.deploy import Target, deploy, page
    from deployments.pool import has_worker
    from deployments.server import asked

    repository = str(Path(repo).absolute()) if repo and not image else repo
    target = Target(pool, name, cron, timezone, image, repository, overrides)
    with asked(api) as client:
        deployment = deploy(client, loaded, target)
        at_work = has_worker(client, pool)
        url = page(client, deployment)
    click.echo(f"deployment {deployment}, at {url}")
    click.echo(to_run(home, api, deployment))
    if not at_work:
        click.echo(to_start_a_worker(home, api, pool))
