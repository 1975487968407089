"""`mission verify`: what a job without a token made, judged once more by another job without a token."""

from __future__ import annotations

from pathlib import Path

import click

from blueprints.errors import MissionError
from cli import options
from cli.annotations import inert
from cli.publish import trusting
from ledger.report import RunStatus
from ledger.settings import Settings
from validators.verification import verify
from workspaces.publishing import Trusted, look_through


@click.command("verify")
@trusting
@click.option(
    "--if-passed", is_flag=True, help="Exit with 0 when the run has not passed: no result, nothing to verify."
)
@options.as_json
def command(file: Path, trusted: Trusted, if_passed: bool, as_json: bool) -> int:
    """Run the checks of the plan again on the result in FILE, which `mission run --bundle FILE` wrote.

    First FILE is looked through as `mission publish` does it. Then every check that a program answers runs in a clean
    checkout of the result: this executes what agents wrote, so do it where nothing can be lost. What agents or
    people answered is not asked again.
    """
    found = look_through(file, trusted)
    if found.report.status is not RunStatus.PASSED:
        told = f"{found.report.run} is {found.report.status}: there is no result to verify"
        if not if_passed:
            raise MissionError(f"{told}; with --if-passed that is no error")
        click.echo(told, err=as_json)
        return 0
    verdicts = verify(found.blueprint, trusted.repo, found.base, str(found.report.commit), Settings())
    for verdict in verdicts:
        told = "" if verdict.passed else f": {verdict.reason}"
        click.echo(inert(f"{verdict.id} {verdict.status} on {verdict.commit}{told}"), err=as_json)
    if as_json:
        options.echo_json([verdict.model_dump(mode="json") for verdict in verdicts])
    return 0 if all(verdict.passed for verdict in verdicts) else 1
