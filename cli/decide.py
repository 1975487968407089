"""`mission approve | reject | revise`: the decision at the gate, without Prefect's UI."""

from __future__ import annotations

import getpass
import os
import time
from typing import Any

import click

from blueprints.errors import MissionError
from cli import options
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.settings import Settings
from ledger.written import write_report
from workspaces.opening import opened

_OPENS_WITHIN = 20.0
"""Seconds between the proposal in the ledger and the gate's form in Prefect, at the most."""

_note = click.option("--note", default="", help="Why; it is kept with the decision.")
_concurrency = click.option("--max-concurrency", type=click.IntRange(1, 64), help="Most agents at work at once.")


@click.command("approve")
@options.run
@_note
@_concurrency
def approve(run: str | None, note: str, max_concurrency: int | None) -> None:
    """Approve the plan that RUN waits with."""
    click.echo(decide(options.the_run(run), "approve", note, max_concurrency))


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


def decide(folder: RunFolder, decision: str, note: str, max_concurrency: int | None = None) -> str:
    """Send the decision to where the run waits; what happened, in one sentence."""
    gate = _open_gate(folder)
    answer: dict[str, Any] = {"decision": decision, "note": note, "by": getpass.getuser()}
    if max_concurrency:
        answer["maxConcurrency"] = max_concurrency
    if folder.alive():
        _resume(folder, gate, answer)
        return f"{folder.run}: {decision} sent"
    with opened(folder, Settings()) as mission:
        kind = Kind.PLAN_APPROVED if decision == "approve" else Kind.PLAN_REJECTED
        mission.ledger.append(kind, plan=gate.data["plan"], **answer)
        write_report(folder, mission.plan, mission.ledger.events)
    go_on = f"; its process is gone: go on with `mission resume {folder.run}`" if decision == "approve" else ""
    return f"{folder.run}: {decision} recorded{go_on}"


def _open_gate(folder: RunFolder) -> Event:
    """The proposal that nobody has answered yet."""
    gate: Event | None = None
    for event in read_events(folder.ledger):
        if event.kind is Kind.PLAN_PROPOSED:
            gate = event
        elif event.kind in (Kind.PLAN_APPROVED, Kind.PLAN_REJECTED, Kind.MISSION_CANCELLED):
            gate = None
    if gate is None:
        raise MissionError(f"{folder.run} does not wait for a decision; see `mission status {folder.run}`")
    return gate


def _resume(folder: RunFolder, gate: Event, answer: dict[str, Any]) -> None:
    """Answer Prefect's form. The proposal is written just before the form opens, so the first try may be early."""
    api = gate.data["api"]
    url = f"{api}/flow_runs/{gate.data['flowRun']}/resume"
    deadline = time.monotonic() + _OPENS_WITHIN
    while (refused := _send(url, api, answer)) and time.monotonic() < deadline and folder.alive():
        time.sleep(0.2)
    if refused:
        raise MissionError(f"Prefect refused the decision on {folder.run}: {refused}", exit_code=1)


def _send(url: str, api: str, answer: dict[str, Any]) -> str | None:
    """Why Prefect does not take the answer, or None when it did. Raises for an answer that it never will."""
    import httpx

    try:
        with httpx.Client(trust_env=not api.startswith("http://127."), timeout=30) as client:
            response = client.post(url, json={"run_input": answer}, headers=_credentials())
    except httpx.TransportError as error:
        raise MissionError(f"Prefect at {api} does not answer ({error}); is the server up?", exit_code=1) from None
    told: dict[str, Any] = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.status_code in (401, 403, 422):
        raise MissionError(f"Prefect at {api} refuses the answer: {response.status_code} {response.text}", exit_code=1)
    accepted = response.is_success and told.get("status") == "ACCEPT"
    return None if accepted else f"{response.status_code} {response.text}"


def _credentials() -> dict[str, str]:
    import base64

    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return {}
