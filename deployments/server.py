"""Prefect's server, asked by a command: what goes wrong with it is one sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError

from blueprints.errors import MissionError

_DENIED = (401, 403)


@contextmanager
def asked(api: str) -> Generator[SyncPrefectClient]:
    """A client of the server at `api`. Raises MissionError when the server is away, or refuses what it is asked."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.TransportError as error:
        raise MissionError(f"Prefect at {api} does not answer ({error}); is the server up?", exit_code=1) from None
    except PrefectHTTPStatusError as error:
        raise MissionError(_refused(api, error.response), exit_code=1) from None


def _refused(api: str, response: httpx.Response) -> str:
    if response.status_code in _DENIED:
        return f"Prefect at {api} asks for a login ({response.status_code}); set PREFECT_API_AUTH_STRING"
    return f"Prefect at {api} refuses: {response.status_code} {response.text[:300]}"
