"""A run that rests until its window opens: a process at a terminal waits for it, and holds nothing meanwhile."""

from __future__ import annotations

import time
from datetime import datetime

import click

from blueprints import hours
from ledger.events import Kind, read_events
from ledger.folder import RunFolder

_LOOK = 1.0
"""Seconds between looks at the clock: a laptop that slept must not sleep on."""


def rested(folder: RunFolder, *, stderr: bool) -> bool:
    """Whether the run goes on by itself, when that time has come."""
    last = read_events(folder.ledger)[-1]
    until = last.data.get("until") if last.kind is Kind.MISSION_PAUSED else None
    if until is None:
        return False
    opens = datetime.fromtimestamp(until).astimezone()
    click.echo(f"rests until {opens:%Y-%m-%d %H:%M %Z}; Ctrl-C ends the wait, and nothing is lost", err=stderr)
    while hours.now() < until:
        time.sleep(_LOOK)
    return True
