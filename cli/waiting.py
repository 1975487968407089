"""Prefect's part of a run that waits for somebody while no process is there: seen and told over REST, in an instant."""

from __future__ import annotations

import base64
import os
from typing import Any

import httpx

from blueprints.errors import MissionError
from cli.embedded import running
from cli.profiles import configured_api
from ledger.events import Event
from ledger.folder import RunFolder
from ledger.gates import alarm_of, left_waiting
from ledger.settings import Settings
from workspaces.cancelling import record_cancelled

_FORGOTTEN = 404
_REFUSED = (401, 403)
_UNBEGUN = ["PAUSED", "SCHEDULED"]


def call(api: str, method: str, path: str, body: object = None) -> httpx.Response:
    """What Prefect answers. Raises MissionError when nobody does, or when it does not know us."""
    try:
        with httpx.Client(trust_env=not api.startswith("http://127."), timeout=30) as client:
            response = client.request(method, f"{api}{path}", json=body, headers=_credentials())
    except httpx.TransportError as error:
        raise MissionError(f"Prefect at {api} does not answer ({error}); is the server up?", exit_code=1) from None
    if response.status_code in _REFUSED:
        raise MissionError(f"Prefect at {api} refuses: {response.status_code} {response.text}", exit_code=1)
    return response


def is_forgotten(gate: Event) -> bool:
    """Whether Prefect has lost the flow run that waits with this question: then no answer starts anything."""
    return _state(gate) is None


def cancelled_meanwhile(folder: RunFolder) -> bool:
    """Whether the flow run with which the run waits was cancelled in Prefect; then that is written down here.

    Raises MissionError when Prefect does not answer.
    """
    gate = left_waiting(folder)
    if gate is None or _state(gate) != "CANCELLED":
        return False
    record_cancelled(folder, Settings(), "Prefect")
    return True


def cancel_in_prefect(folder: RunFolder, gate: Event | None, by: str) -> None:
    """Cancel what Prefect keeps to go on with the run, which is over. Raises MissionError when it does not answer."""
    api = gate.data["api"] if gate else _api(folder)
    if api is None:
        return
    named = {"name": {"any_": [folder.run, alarm_of(folder.run)]}, "state": {"type": {"any_": _UNBEGUN}}}
    cancelled = {"state": {"type": "CANCELLED", "message": f"cancelled by {by}"}, "force": True}
    for flow_run in _checked(call(api, "POST", "/flow_runs/filter", {"flow_runs": named})):
        _checked(call(api, "POST", f"/flow_runs/{flow_run['id']}/set_state", cancelled))


def _state(gate: Event) -> str | None:
    """The type of the flow run's state; None when Prefect does not know the flow run."""
    response = call(gate.data["api"], "GET", f"/flow_runs/{gate.data['flowRun']}")
    return None if response.status_code == _FORGOTTEN else str(_checked(response)["state_type"])


def _checked(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    raise MissionError(f"Prefect at {response.url} cannot: {response.status_code} {response.text}", exit_code=1)


def _api(folder: RunFolder) -> str | None:
    if api := configured_api():
        return api
    server = running(folder.home)
    return server.api if server else None


def _credentials() -> dict[str, str]:
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return {}
