"""Running a check's shell lines, and what their ending says by itself."""

from __future__ import annotations

import signal

from blueprints.checks import ShellBase
from validators.base import Bench, Observation
from workspaces import process
from workspaces.preparation import shell

_NOT_RUN = {126: "a command is not executable", 127: "a command was not found"}


def run_lines(check: ShellBase, bench: Bench, *, lines: str | None = None, **variables: str) -> process.Finished:
    """Run `lines` (default: the check's own) in the checkout; the output goes to `output.log` in the evidence."""
    return process.run(
        shell(bench.fill(lines or check.run)),
        cwd=bench.checkout,
        env=process.environment(**bench.variables, **variables),
        timeout=check.timeout,
        stop=bench.stop,
        transcript=bench.evidence / "output.log",
        contained=True,
    )


def not_run(finished: process.Finished, limit: float) -> Observation | None:
    """Why the ending says nothing about the work, or None: it ended by itself with an exit code of its own."""
    code, output = finished.exit_code, finished.output
    if code is None:
        return Observation.inconclusive(_unfinished(finished, limit))
    if code in _NOT_RUN:
        return Observation.inconclusive(f"{_NOT_RUN[code]} (exit code {code}): {end(output)}")
    if code - 128 in signal.valid_signals():
        return Observation.inconclusive(f"the check was ended by signal {code - 128}: {end(output)}")
    return None


def end(output: str) -> str:
    """The last lines, where runners say what went wrong."""
    return output.strip()[-1500:] or "it printed nothing"


def _unfinished(finished: process.Finished, limit: float) -> str:
    match finished.ended:
        case process.Ended.TIMEOUT:
            return f"still running after its time limit of {limit:g} s"
        case process.Ended.STOPPED:
            return "the mission was stopped during the check"
        case _:
            return f"the check could not be started: {finished.error}"
