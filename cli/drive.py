"""A run in this process: Prefect found or started, the flow called, progress shown, an exit code at the end."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from blueprints.errors import MissionError
from blueprints.load import Loaded
from cli.embedded import kept, use_server
from cli.terminal import Terminal
from ledger.folder import RunFolder
from ledger.report import MissionReport
from ledger.standing import standing
from workspaces.amended import current_files
from workspaces.room import telling_lack_of_room
from workspaces.whereabouts import plan_here


class _PrefectIsAwayError(MissionError):
    """The mission is paused, and nobody is there to be told."""


class Audience(Protocol):
    """Who is told how the run goes."""

    def say(self, text: str) -> None:
        """A line about the run as a whole."""
        ...

    def follow(self) -> AbstractContextManager[None]:
        """While the block lasts, the run goes on."""
        ...

    def rest(self) -> bool:
        """Wait until the run's window opens, if it rests until then; False when it is not to go on by itself."""
        ...

    def close(self, report: MissionReport | None, error: MissionError | None) -> int:
        """This life of the run is over, or broke off; the exit code."""
        ...


def drive(
    folder: RunFolder,
    *,
    as_json: bool = False,
    audience: Audience | None = None,
    until: datetime | None = None,
) -> int:
    """Run the mission's flow here until it ends, is interrupted, or the time `until` is near."""
    told = audience or Terminal(folder, as_json=as_json)
    told.say(f"run {folder.run}")
    try:
        with telling_lack_of_room(folder):  # Prefect's server writes to the same disk
            api = use_server(folder.home)
            told.say(f"Prefect at {api.removesuffix('/api')}")
            goes_on = True
            while goes_on:
                with kept(folder.home), told.follow():
                    _call_flow(folder, until)
                goes_on = told.rest()
        report = _standing(folder)
    except _PrefectIsAwayError as error:
        code = told.close(None, error)
        sys.stdout.flush()
        os._exit(code)  # Prefect's threads would try for minutes to deliver their last words
    except MissionError as error:
        return told.close(None, error)
    except BaseException:
        told.close(None, None)  # what can be kept is kept, whatever went wrong
        raise
    return told.close(report, None)


def _standing(folder: RunFolder) -> MissionReport:
    """How the run stands. With a ledger that somebody changed meanwhile, the report it wrote is all there is."""
    try:
        return standing(folder)
    except MissionError as error:
        raise MissionError(f"{error}; what the run wrote itself is in {folder.report('md')}", exit_code=1) from None


def _call_flow(folder: RunFolder, until: datetime | None) -> None:
    _quieten_prefect()
    from prefect.exceptions import Abort

    from flows.compile import compile_flow
    from flows.conduct import PREFECT_IS_AWAY
    from flows.results import run_flow

    plan, blueprint = plan_here(folder), current_files(folder) / "blueprint.yaml"
    text = blueprint.read_text(encoding="utf-8")
    loaded = Loaded(plan.blueprint, plan, text, str(folder.blueprint), Path(plan.folder))
    try:
        asyncio.run(run_flow(compile_flow(loaded), run=folder.run, until=until))
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
