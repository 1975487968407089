"""The plan shown and the decision asked for at an interactive terminal."""

from __future__ import annotations

import select
import sys
import threading

import click

from blueprints import show
from blueprints.errors import MissionError
from cli.decide import decide
from cli.gates import open_gate
from ledger.events import Kind, read_events
from ledger.folder import RunFolder
from ledger.render import red_at_base

_ANSWERS = {
    "a": "approve",
    "approve": "approve",
    "r": "reject",
    "reject": "reject",
    "v": "revise",
    "revise": "revise",
}


def ask_at_terminal(folder: RunFolder, over: threading.Event) -> None:
    """Ask until somebody has decided, here or elsewhere."""
    click.echo(show.text(folder.plan()))
    click.echo(red_at_base(read_events(folder.ledger)))
    click.echo("\n[a]pprove, [r]eject or re[v]ise? A note may follow: ", nl=False)
    while not over.is_set() and _waits(folder):
        line = _line(over)
        if line is None:
            continue
        word, _, note = line.strip().partition(" ")
        if decision := _ANSWERS.get(word.lower()):
            _send(folder, decision, note)
            return
        click.echo("answer a, r or v: ", nl=False)


def _send(folder: RunFolder, decision: str, note: str) -> None:
    try:
        click.echo(decide(folder, decision, note))
    except MissionError as error:
        click.echo(str(error), err=True)


def _waits(folder: RunFolder) -> bool:
    gate = open_gate(folder)
    return gate is not None and gate.kind is Kind.PLAN_PROPOSED


def _line(over: threading.Event) -> str | None:
    """A line typed within half a second, or None; never blocks for longer, somebody else may decide."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.5)
    if not ready:
        return None
    line = sys.stdin.readline()
    if not line:
        over.wait()  # the terminal's input was closed; the UI and `mission approve` remain
    return line
