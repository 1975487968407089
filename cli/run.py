"""`mission run`: from a blueprint to a report."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from agents.obstacles import obstacles
from blueprints.errors import MissionError
from blueprints.load import Loaded, load
from cli import options
from cli.ci import Job, plainly
from cli.drive import Audience, drive
from cli.duration import TIME
from cli.keeping import Keeping
from cli.terminal import Terminal
from cli.travel import travel_of
from ledger.events import Kind, Ledger
from ledger.folder import RunFolder
from ledger.report import MissionReport
from ledger.settings import Settings
from ledger.standing import standing
from workspaces.acceptance import accept


@click.command("run")
@options.blueprint
@click.option("--repo", type=click.Path(path_type=Path), help="Work on the repository in this folder.")
@options.settings
@click.option("--yes", is_flag=True, help="Approve the plan.")
@click.option("--approve", metavar="DIGEST", help="Approve the plan with this digest, and no other.")
@options.accept
@click.option("--ci", is_flag=True, help="Plain lines for a log; a question ends the run, resumable, with code 5.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the verdicts as JUnit XML.")
@click.option("--deadline", type=TIME, help="Pause cleanly within this time, such as 5h30m.")
@click.option(
    "--state-remote", "remote", metavar="REMOTE", help="Go on with what lies there, and keep the state there."
)
@click.option("--bundle", type=click.Path(path_type=Path), metavar="FILE", help="Write the state there; push nothing.")
@options.as_json
def command(
    blueprint: Path,
    repo: Path | None,
    settings: tuple[str, ...],
    yes: bool,
    approve: str | None,
    accepting: tuple[str, ...],
    ci: bool,
    junit: Path | None,
    deadline: float | None,
    remote: str | None,
    bundle: Path | None,
    as_json: bool,
) -> int:
    """Run the mission of BLUEPRINT.

    Exit codes: 0 passed, 1 failed, 2 usage or blueprint, 3 bug, 4 rejected or cancelled, 5 waiting for a
    decision, 130 interrupted (the run is paused and can be resumed).
    """
    until = datetime.now(UTC) + timedelta(seconds=deadline) if deadline else None
    with plainly(wanted=ci):
        loaded = load(blueprint, options.overrides(settings))
        options.known_assertions(accepting, loaded.plan)
        _require_approved(loaded, approve)
        travel = travel_of(loaded, repo, remote, bundle)
        arrived = travel.arrived(loaded) if travel else None
        folder = arrived.folder if arrived else _accepted(loaded, repo)
        options.note_accepted(folder, accepting)
        if yes or approve:
            _approve(folder, "--yes" if yes else "--approve")
        keeping = Keeping(folder, junit, travel.delivery(folder, arrived) if travel else None)
        audience: Audience = (Job if ci else Terminal)(folder, as_json=as_json, keeping=keeping)
        if arrived:
            _claim(audience, keeping, standing(folder))
    return drive(folder, audience=audience, until=until)


def _accepted(loaded: Loaded, repo: Path | None) -> RunFolder:
    return accept(loaded, Settings(), objections=lambda source: obstacles(loaded.plan, source, None), path=repo)


def _require_approved(loaded: Loaded, digest: str | None) -> None:
    if digest and digest != loaded.plan.digest:
        raise MissionError(
            f"--approve {digest}: the plan is {loaded.plan.digest}, and nobody has approved that", exit_code=5
        )


def _claim(audience: Audience, keeping: Keeping, report: MissionReport) -> None:
    """Say on the remote that the run goes on here, before anybody works: of two that take it up, one stops now."""
    audience.say(f"taken up: {report.run}, {report.status}")
    if keeping.delivery:
        keeping.delivery.midway(report)


def _approve(folder: RunFolder, option: str) -> None:
    """The decision is in the ledger before the gate is reached."""
    plan = folder.plan()
    with folder.own():
        ledger = Ledger(folder.ledger)
        decided = [event.data["plan"] for event in ledger.events if event.kind is Kind.PLAN_APPROVED]
        if plan.digest not in decided:
            ledger.append(
                Kind.PLAN_APPROVED,
                plan=plan.digest,
                decision="approve",
                by=f"{getpass.getuser()} with {option}",
                note="",
                maxConcurrency=plan.blueprint.max_concurrency,
            )
