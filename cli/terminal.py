"""A run for whoever looks on: progress and the question at the gate, and at the end what came out of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import click

from blueprints.errors import MissionError
from cli import options
from cli.gate import ask_at_terminal
from cli.gates import how_to_answer, open_gate
from cli.keeping import Keeping, listening
from cli.rest import rested
from cli.table import Follower, print_report
from ledger.events import Kind
from ledger.folder import RunFolder
from ledger.report import MissionReport, RunStatus

EXIT_CODES = {
    RunStatus.PASSED: 0,
    RunStatus.FAILED: 1,
    RunStatus.REJECTED: 4,
    RunStatus.CANCELLED: 4,
    RunStatus.WAITING: 5,
    RunStatus.PAUSED: 130,
    RunStatus.RUNNING: 130,
}
_LOOK = 0.2
"""Seconds between looks at the ledger."""


class Terminal:
    """A person who looks on, or a program that reads JSON."""

    def __init__(self, folder: RunFolder, *, as_json: bool, keeping: Keeping | None = None) -> None:
        self._folder, self._as_json = folder, as_json
        self._keeping = keeping or Keeping(folder)

    def say(self, text: str) -> None:
        click.echo(text, err=self._as_json)

    @contextmanager
    def follow(self) -> Generator[None]:
        with listening(self._folder, *self._keeping.listeners), _Progress(self._folder, stderr=self._as_json):
            yield

    def rest(self) -> bool:
        return rested(self._folder, stderr=self._as_json)

    def close(self, report: MissionReport | None, error: MissionError | None) -> int:
        kept_where = self._keeping.at_end(report)
        for line in [*([str(error)] if error else []), *self._keeping.troubles]:
            click.echo(line, err=True)
        if report is None:
            return error.exit_code if error else 1
        if self._as_json:
            options.echo_json(report.model_dump(mode="json"))
        else:
            self._print(report, kept_where)
        return EXIT_CODES[report.status] if not self._keeping.troubles else 1

    def _print(self, report: MissionReport, kept_where: list[str]) -> None:
        print_report(report)
        if self._folder.report("md").exists():
            click.echo(f"report {self._folder.report('html')}")
        if report.status in (RunStatus.PAUSED, RunStatus.WAITING):
            click.echo(f"go on with `mission resume {self._folder.run}`")
        for line in kept_where:
            click.echo(line)


class _Progress:
    """Progress, and the question at the gate, on a thread beside the flow."""

    def __init__(self, folder: RunFolder, *, stderr: bool) -> None:
        self._folder, self._stderr = folder, stderr
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        with Follower(self._folder, stderr=self._stderr) as follower:
            while not self._over.wait(_LOOK):
                if follower.look().status is not RunStatus.WAITING:
                    continue
                follower.pause()
                gate = open_gate(self._folder)
                click.echo(how_to_answer(self._folder.run, gate), err=self._stderr)
                if at_terminal and gate and gate.kind is Kind.PLAN_PROPOSED:
                    ask_at_terminal(self._folder, self._over)
                while follower.look().status is RunStatus.WAITING and not self._over.wait(_LOOK):
                    pass
                follower.go_on()
            follower.look()
