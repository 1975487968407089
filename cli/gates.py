"""Gates as the command line sees them: which one is open, and how an answer gets to where the run waits."""

from __future__ import annotations

import os
import time
from typing import Any

from blueprints.errors import MissionError
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder
from ledger.gates import is_suspended, still_open

_OPENS_WITHIN = 20.0
"""Seconds between the question in the ledger and the gate's form in Prefect, at the most."""


def open_gate(folder: RunFolder) -> Event | None:
    """The question that nobody has answered yet."""
    return still_open(read_events(folder.ledger))


def how_to_answer(run: str, gate: Event | None) -> str:
    """What a person can do about it, in one sentence."""
    if gate is None or gate.kind is Kind.PLAN_PROPOSED:
        green = [f"--accept {name}" for name in gate.data.get("green", [])] if gate else []
        command = " ".join(["mission approve", run, *green])
        return f"approve it in Prefect's UI, or with `{command}` (or reject, revise)"
    if "check" in gate.data:
        return f"{gate.data['about']}\nanswer in Prefect's UI, or with `mission answer pass {run}` (or fail)"
    if "credential" in gate.data:
        told = f"put it right, then `mission answer retry {run}`, or answer in Prefect's UI"
        return f"{gate.data['about']}\n{told}; to export another value: `mission answer stop {run}`, then resume"
    return f"{gate.data['about']}\ndecide in Prefect's UI, or with `mission dismiss FINDING {run} --why …`, or cancel"


def send(folder: RunFolder, gate: Event, answer: dict[str, Any]) -> None:
    """Answer Prefect's form. The question is written just before the form opens, so the first try may be early."""
    api = gate.data["api"]
    url = f"{api}/flow_runs/{gate.data['flowRun']}/resume"
    deadline = time.monotonic() + _OPENS_WITHIN
    while (refused := _post(url, api, answer)) and time.monotonic() < deadline and hears(folder, gate):
        time.sleep(0.2)
    if refused:
        raise MissionError(f"Prefect refused the decision on {folder.run}: {refused}", exit_code=1)


def hears(folder: RunFolder, gate: Event | None) -> bool:
    """Whether an answer can be sent to Prefect: a process waits for it, or will be started by it."""
    return folder.alive() or is_suspended(gate)


def _post(url: str, api: str, answer: dict[str, Any]) -> str | None:
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
