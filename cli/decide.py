"""`mission approve | reject | revise | answer | dismiss`: decisions at gates, without Prefect's UI."""

from __future__ import annotations

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click

from blueprints.errors import MissionError
from cli import options
from cli.gates import hears, open_gate, send
from ledger.accepted import accept
from ledger.events import Event, Kind
from ledger.folder import RunFolder
from ledger.settings import Settings
from ledger.written import write_report
from workspaces.findings import open_finding, resolve
from workspaces.mission import Mission
from workspaces.opening import opened

_ANSWERS = {"check": ("pass", "fail"), "credential": ("retry", "stop")}
"""What a gate may be about, and the answers to it."""
_note = click.option("--note", default="", help="Why; it is kept with the decision.")
_concurrency = click.option("--max-concurrency", type=click.IntRange(1, 64), help="Most agents at work at once.")


@click.command("approve")
@options.run
@_note
@_concurrency
@options.accept
def approve(run: str | None, note: str, max_concurrency: int | None, accepting: tuple[str, ...]) -> None:
    """Approve the plan that RUN waits with."""
    click.echo(decide(options.the_run(run), "approve", note, max_concurrency, accepting))


@click.command("reject")
@options.run
@_note
def reject(run: str | None, note: str) -> None:
    """Reject the plan that RUN waits with: the run is over."""
    click.echo(decide(options.the_run(run), "reject", note))


@click.command("revise")
@options.run
@_note
def revise(run: str | None, note: str) -> None:
    """Ask for another plan: the run is over, and its report says what is to change."""
    click.echo(decide(options.the_run(run), "revise", note))


@click.command("answer")
@click.argument("verdict", type=click.Choice(["pass", "fail", "retry", "stop"]))
@options.run
@_note
def answer(verdict: str, run: str | None, note: str) -> None:
    """Answer what RUN waits with: pass or fail for a manual check, retry or stop for a refused credential."""
    folder = options.the_run(run)
    gate = open_gate(folder)
    asked = next((name for name in _ANSWERS if gate and name in gate.data), None)
    if gate is None or asked is None:
        raise MissionError(f"{folder.run} does not wait for an answer; see `mission status {folder.run}`")
    if verdict not in _ANSWERS[asked]:
        raise MissionError(f"{gate.data[asked]} waits for {' or '.join(_ANSWERS[asked])}, not for '{verdict}'")
    given = {"answer": verdict, "note": note, "by": getpass.getuser()}
    about = f"{gate.data[asked]}: {verdict}"
    if hears(folder, gate):
        send(folder, gate, given)
        click.echo(f"{folder.run}: {about} sent")
        return
    with _written(folder) as mission:
        mission.ledger.append(Kind.GATE_CLOSED, gate=gate.data["gate"], milestone=gate.data["milestone"], **given)
    click.echo(f"{folder.run}: {about} recorded; go on with `mission resume {folder.run}`")


@click.command("dismiss")
@click.argument("finding")
@options.run
@click.option("--why", required=True, help="Why it need not be fixed; it is kept with the finding.")
def dismiss(finding: str, run: str | None, why: str) -> None:
    """Dismiss FINDING, such as F-3, which stands in RUN's way."""
    folder = options.the_run(run)
    gate = open_gate(folder)
    if hears(folder, gate):
        if gate is None or finding not in gate.data.get("findings", "").split(", "):
            raise MissionError(f"{folder.run} is at work and does not wait for a decision on {finding}")
        by = getpass.getuser()
        send(folder, gate, {"decision": "dismiss", "findings": [finding], "note": why, "by": by})
        click.echo(f"{folder.run}: {finding} dismissed")
        return
    with _written(folder) as mission:
        resolve(mission, open_finding(mission, finding), "dismissed", by=getpass.getuser(), why=why)
    click.echo(f"{folder.run}: {finding} dismissed; go on with `mission resume {folder.run}`")


def decide(
    folder: RunFolder, decision: str, note: str, max_concurrency: int | None = None, accepting: tuple[str, ...] = ()
) -> str:
    """Send the decision to where the run waits; what happened, in one sentence."""
    gate = _proposal(folder)
    green = gate.data.get("green", [])
    if decision == "approve" and (left := [name for name in green if name not in accepting]):
        words = " ".join(f"--accept {name}" for name in green)
        raise MissionError(
            f"{', '.join(left)} passed before any work and prove nothing; reject the plan, or approve it with {words}"
        )
    given: dict[str, Any] = {"decision": decision, "note": note, "by": getpass.getuser()}
    if max_concurrency:
        given["maxConcurrency"] = max_concurrency
    if hears(folder, gate):
        send(folder, gate, {**given, "accept": list(accepting)})
        return f"{folder.run}: {decision} sent"
    with _written(folder) as mission:
        accept(mission.ledger, accepting, getpass.getuser())
        kind = Kind.PLAN_APPROVED if decision == "approve" else Kind.PLAN_REJECTED
        mission.ledger.append(kind, plan=gate.data["plan"], **given)
    go_on = f"; its process is gone: go on with `mission resume {folder.run}`" if decision == "approve" else ""
    return f"{folder.run}: {decision} recorded{go_on}"


@contextmanager
def _written(folder: RunFolder) -> Generator[Mission]:
    """The mission of a run that nobody works on, to write a decision into; its report follows."""
    with opened(folder, Settings()) as mission:
        yield mission
        write_report(folder, mission.plan, mission.ledger.events)


def _proposal(folder: RunFolder) -> Event:
    gate = open_gate(folder)
    if gate is None or gate.kind is not Kind.PLAN_PROPOSED:
        raise MissionError(f"{folder.run} does not wait for a decision; see `mission status {folder.run}`")
    return gate
