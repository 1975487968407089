"""`mission pause | cancel | kill | retry | skip`: what a run is to do, asked of the process that owns it."""

from __future__ import annotations

import getpass
import time

import click

from blueprints.errors import MissionError, suggest
from blueprints.plan import PlannedFeature
from cli import options
from cli.gates import open_gate
from ledger.events import Kind
from ledger.folder import RunFolder
from ledger.report import StepStatus
from ledger.requests import Request, answer_to, ask
from ledger.settings import Settings
from ledger.standing import standing
from ledger.written import write_report
from workspaces import skipping
from workspaces.cancelling import record_cancelled
from workspaces.opening import opened

_ANSWERED_WITHIN = 30.0
"""Seconds the owner may take; a fraction of one is usual."""
_why = click.option("--why", default="", help="Why; it is kept.")


@click.command("pause")
@options.run
@click.option("--now", is_flag=True, help="Stop the agents at work too; they start anew on resume.")
def pause(run: str | None, now: bool) -> None:
    """Pause RUN: what is at work is finished, nothing more is started."""
    folder = options.the_run(run)
    _require_alive(folder)
    told = _asked(folder, Request("pause", getpass.getuser(), drain=not now))
    click.echo(f"{folder.run}: {told}; go on with `mission resume {folder.run}`")


@click.command("cancel")
@options.run
def cancel(run: str | None) -> None:
    """Cancel RUN for good; its agents are stopped, what they had committed is kept under refs/missions/."""
    folder = options.the_run(run)
    status = standing(folder).status
    if status.over:
        raise MissionError(f"{folder.run} is over already ({status})")
    if folder.alive():
        click.echo(f"{folder.run}: {_asked(folder, Request('cancel', getpass.getuser()))}")
    else:
        click.echo(f"{folder.run}: {_cancelled(folder)}")


@click.command("kill")
@options.run_required
@options.feature
def kill(run: str, feature: str) -> None:
    """End the agents at work on FEATURE of RUN: it fails, without another attempt; the others go on."""
    folder = options.the_run(run)
    _feature(folder, feature)
    _require_alive(folder)
    click.echo(f"{folder.run}: {_asked(folder, Request('kill', getpass.getuser(), feature=feature))}")


@click.command("retry")
@options.run_required
@options.feature
@_why
def retry(run: str, feature: str, why: str) -> None:
    """Do FEATURE of RUN anew: one that failed while the others go on, or a finished one of a paused run."""
    folder = options.the_run(run)
    planned = _feature(folder, feature)
    if folder.alive():
        told = _asked(folder, Request("retry", getpass.getuser(), feature=feature, why=why))
    else:
        told = _record_retry(folder, planned, why)
    click.echo(f"{folder.run}: {told}")


@click.command("skip")
@options.run_required
@options.feature
@click.option("--why", required=True, help="Why RUN goes on without it; the report shows it.")
def skip(run: str, feature: str, why: str) -> None:
    """Go on with RUN without FEATURE, and without the assertions that only it fulfils: they count as not proved."""
    folder = options.the_run(run)
    _feature(folder, feature)
    if folder.alive():
        told = _asked(folder, Request("skip", getpass.getuser(), feature=feature, why=why))
    else:
        told = _record_skip(folder, feature, why)
    click.echo(f"{folder.run}: {told}")


def _asked(folder: RunFolder, request: Request) -> str:
    """What the owner answers. Raises MissionError when it refuses, or does not answer."""
    path, deadline = ask(folder, request), time.monotonic() + _ANSWERED_WITHIN
    while (answer := answer_to(path)) is None:
        if not folder.alive() or time.monotonic() > deadline:
            raise MissionError(f"{folder.run}: its process ended, or does not answer; nothing was done", exit_code=1)
        time.sleep(0.05)
    if answer.refused:
        raise MissionError(f"{folder.run}: {answer.told}")
    return answer.told


def _require_alive(folder: RunFolder) -> None:
    if not folder.alive():
        raise MissionError(f"{folder.run} is not running; see `mission status {folder.run}`")


def _feature(folder: RunFolder, name: str) -> PlannedFeature:
    features = {f.id: f for milestone in folder.plan().milestones for f in milestone.features}
    if name not in features:
        raise MissionError(f"{folder.run} has no feature '{name}'; {suggest(name, features)}")
    return features[name]


def _cancelled(folder: RunFolder) -> str:
    """Nobody is at work on it: the end is written down here, and Prefect told of it, which might go on with it."""
    from cli.waiting import cancel_in_prefect

    gate, by = open_gate(folder), getpass.getuser()
    record_cancelled(folder, Settings(), by)
    try:
        cancel_in_prefect(folder, gate, by)
    except MissionError as error:
        return f"cancelled; {error}"
    return "cancelled"


def _record_skip(folder: RunFolder, feature: str, why: str) -> str:
    with opened(folder, Settings()) as mission:
        told = skipping.skip(mission, feature, by=getpass.getuser(), why=why)
        write_report(folder, mission.plan, mission.ledger.events)
    return f"{told}; go on with `mission resume {folder.run}`"


def _record_retry(folder: RunFolder, feature: PlannedFeature, why: str) -> str:
    """One that is not done needs no word: it is tried again whenever the run goes on."""
    go_on = f"go on with `mission resume {folder.run}`"
    milestone, status = _place_of(folder, feature)
    if status in (StepStatus.DONE, StepStatus.INTEGRATED):
        with opened(folder, Settings()) as mission:
            facts = {"featureId": feature.id, "by": getpass.getuser(), "why": why}
            mission.ledger.append(Kind.FEATURE_RETRIED, milestone=milestone, **facts)
            write_report(folder, mission.plan, mission.ledger.events)
        return f"{feature.id} will be done anew, and what was built on it; {go_on}"
    return f"{feature.id} is {status} and will be tried again; {go_on}"


def _place_of(folder: RunFolder, feature: PlannedFeature) -> tuple[str, StepStatus]:
    """The feature's milestone, and where it stands."""
    report = standing(folder)
    milestone = next(m for m in report.milestones if any(f.id == feature.id for f in m.features))
    return milestone.name, report.feature(feature.id).status
