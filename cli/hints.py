"""What to type next, with Prefect's own command."""

from __future__ import annotations

import shlex
from pathlib import Path

from cli.embedded import running


def to_start_a_worker(home: Path, api: str, pool: str) -> str:
    """No worker is there: how to start one."""
    command = f"{_told_where(home, api)}prefect worker start --pool {shlex.quote(pool)}"
    return f"no worker is there yet; start one with `{command}`"


def to_run(home: Path, api: str, deployment: str) -> str:
    """How to run a deployment and wait for its outcome."""
    return f"run it with `{_told_where(home, api)}prefect deployment run {shlex.quote(deployment)} --watch`"


def _told_where(home: Path, api: str) -> str:
    """The embedded server is known to `mission`, and not to `prefect`."""
    embedded = running(home)
    return f"PREFECT_API_URL={api} " if embedded and embedded.api == api else ""
