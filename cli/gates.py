"""Gates as the command line sees them: which one is open, and how an answer gets to where the run waits."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from blueprints.errors import MissionError
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.gates import is_suspended, still_open

_OPENS_WITHIN = 20.0
"""Seconds between the question in the ledger and the gate's form in Prefect, at the most."""
_UNUSABLE = 422


def open_gate(folder: RunFolder) -> Event | None:
    """The question that nobody has answered yet."""
    return still_open(read_events(folder.ledger))


def how_to_answer(run: str, gate: Event | None) -> str:
    """What a person can do about it, in one sentence."""
    if gate is None or gate.kind is Kind.PLAN_PROPOSED:
        green = [f"--accept {name}" for name in gate.data.get("green", [])] if gate else []
        command = " ".join(["mission approve", run, *green])
        return f"approve it in Prefect's UI, or with `{command}` (or reject, revise){_due(gate)}"
    if "check" in gate.data:
        return f"{gate.data['about']}\nanswer in Prefect's UI, or with `mission answer pass {run}` (or fail)"
    if "credential" in gate.data:
        told = f"put it right, then `mission answer retry {run}`, or answer in Prefect's UI"
        return f"{gate.data['about']}\n{told}; to export another value: `mission answer stop {run}`, then resume"
    return f"{gate.data['about']}\ndecide in Prefect's UI, or with `mission dismiss FINDING {run} --why …`, or cancel"


def _due(gate: Event | None) -> str:
    """Until when, if not for ever."""
    if gate is None or "until" not in gate.data:
        return ""
    until = datetime.fromtimestamp(gate.data["until"]).astimezone()
    return f"; by {until:%Y-%m-%d %H:%M}, else: {gate.data['otherwise']}"


def send(folder: RunFolder, gate: Event, answer: dict[str, Any]) -> None:
    """Answer Prefect's form. The question is written just before the form opens, so the first try may be early."""
    api, path = gate.data["api"], f"/flow_runs/{gate.data['flowRun']}/resume"
    deadline = time.monotonic() + _OPENS_WITHIN
    while (refused := _post(api, path, answer)) and time.monotonic() < deadline and hears(folder, gate):
        time.sleep(0.2)
    if refused:
        raise MissionError(f"Prefect refused the decision on {folder.run}: {refused}", exit_code=1)


def hears(folder: RunFolder, gate: Event | None) -> bool:
    """Whether an answer can be sent to Prefect: a process waits for it, or will be started by it.

    Raises MissionError when the run is over since: somebody cancelled it in Prefect.
    """
    if folder.alive():
        return True
    if gate is None or not is_suspended(gate):
        return False
    from cli.waiting import cancelled_meanwhile, is_forgotten

    if cancelled_meanwhile(folder):
        raise MissionError(f"{folder.run} was cancelled in Prefect; start a new run", exit_code=4)
    return not is_forgotten(gate)


def _post(api: str, path: str, answer: dict[str, Any]) -> str | None:
    """Why Prefect does not take the answer, or None when it did. Raises for an answer that it never will."""
    from cli.waiting import call

    response = call(api, "POST", path, {"run_input": answer})
    told: dict[str, Any] = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.status_code == _UNUSABLE:
        raise MissionError(f"Prefect at {api} refuses the answer: {response.status_code} {response.text}", exit_code=1)
    accepted = response.is_success and told.get("status") == "ACCEPT"
    return None if accepted else f"{response.status_code} {response.text}"
