"""A run in this process: Prefect found or started, the flow called, progress shown, an exit code at the end."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import click

from blueprints.errors import MissionError
from blueprints.load import Loaded
from cli import options
from cli.embedded import kept, use_server
from cli.gate import ask_at_terminal
from cli.gates import how_to_answer, open_gate
from cli.standing import standing
from cli.table import Follower, print_report
from ledger.events import Kind
from ledger.folder import RunFolder
from ledger.report import MissionReport, RunStatus
from workspaces.amended import current_files, current_plan
from workspaces.room import telling_lack_of_room

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


class _PrefectIsAwayError(MissionError):
    """The mission is paused, and nobody is there to be told."""


def drive(folder: RunFolder, *, as_json: bool) -> int:
    """Run the mission's flow here until it ends or is interrupted."""
    click.echo(f"run {folder.run}", err=as_json)
    try:
        with telling_lack_of_room(folder):  # Prefect's server writes to the same disk
            api = use_server(folder.home)
            click.echo(f"Prefect at {api.removesuffix('/api')}", err=as_json)
            with kept(folder.home), _Progress(folder, stderr=as_json):
                _call_flow(folder)
    except _PrefectIsAwayError as error:
        click.echo(str(error), err=True)
        sys.stdout.flush()
        os._exit(error.exit_code)  # Prefect's threads would try for minutes to deliver their last words
    report = _standing(folder)
    _close(folder, report, as_json=as_json)
    return EXIT_CODES[report.status]


def _standing(folder: RunFolder) -> MissionReport:
    """How the run stands. With a ledger that somebody changed meanwhile, the report it wrote is all there is."""
    try:
        return standing(folder)
    except MissionError as error:
        raise MissionError(f"{error}; what the run wrote itself is in {folder.report('md')}", exit_code=1) from None


def _call_flow(folder: RunFolder) -> None:
    _quieten_prefect()
    from prefect.exceptions import Abort

    from flows.compile import compile_flow
    from flows.conduct import PREFECT_IS_AWAY
    from flows.results import run_flow

    plan, blueprint = current_plan(folder), current_files(folder) / "blueprint.yaml"
    text = blueprint.read_text(encoding="utf-8")
    loaded = Loaded(plan.blueprint, plan, text, str(folder.blueprint), Path(plan.folder))
    try:
        asyncio.run(run_flow(compile_flow(loaded), run=folder.run))
    except (Abort, *PREFECT_IS_AWAY) as error:  # also before the mission was taken up
        raise _PrefectIsAwayError(
            f"Prefect is away ({error}); when it is back, go on with `mission resume {folder.run}`", exit_code=1
        ) from None


def _quieten_prefect() -> None:
    """Prefect's own log goes to its UI; the terminal is ours. What the user set stays."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    os.environ.setdefault("PREFECT_LOGGING_INTERNAL_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL", "WARNING")  # the ledger tells more
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "7")  # a server that is away is waited for: 2 + 4 + … + 128 s


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


def _close(folder: RunFolder, report: MissionReport, *, as_json: bool) -> None:
    if as_json:
        options.echo_json(report.model_dump(mode="json"))
        return
    print_report(report)
    if folder.report("md").exists():
        click.echo(f"report {folder.report('html')}")
    if report.status in (RunStatus.PAUSED, RunStatus.WAITING):
        click.echo(f"go on with `mission resume {folder.run}`")
