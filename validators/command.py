"""`kind: command`: a shell line, exit 0, and something that was really run."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from blueprints.schema import CommandCheck
from validators.base import Bench, Finding, VerdictStatus
from validators.vacuous import nothing_ran
from workspaces import process
from workspaces.preparation import shell

_NOT_RUN = {126: "a command is not executable", 127: "a command was not found"}


@dataclass(frozen=True)
class CommandValidator:
    check: CommandCheck

    def look(self, bench: Bench) -> Finding:
        finished = process.run(
            shell(self.check.run),
            cwd=bench.checkout,
            timeout=self.check.timeout,
            stop=bench.stop,
            transcript=bench.evidence / "output.log",
            contained=True,
        )
        status, reason = _judge(finished, self.check.timeout)
        return Finding(status, reason, finished.exit_code)


def _judge(finished: process.Finished, limit: float) -> tuple[VerdictStatus, str]:
    code, output = finished.exit_code, finished.output
    if code is None:
        return VerdictStatus.INCONCLUSIVE, _unfinished(finished, limit)
    if code in _NOT_RUN:
        return VerdictStatus.INCONCLUSIVE, f"{_NOT_RUN[code]} (exit code {code}): {_end(output)}"
    if code - 128 in signal.valid_signals():
        return VerdictStatus.INCONCLUSIVE, f"the check was ended by signal {code - 128}: {_end(output)}"
    if nothing := nothing_ran(output):
        return VerdictStatus.INCONCLUSIVE, nothing
    if code != 0:
        return VerdictStatus.FAILED, f"exit code {code}: {_end(output)}"
    return VerdictStatus.PASSED, "exit code 0"


def _unfinished(finished: process.Finished, limit: float) -> str:
    match finished.ended:
        case process.Ended.TIMEOUT:
            return f"still running after its time limit of {limit:g} s"
        case process.Ended.STOPPED:
            return "the mission was stopped during the check"
        case _:
            return f"the check could not be started: {finished.error}"


def _end(output: str) -> str:
    """The last lines, where runners say what went wrong."""
    return output.strip()[-1500:] or "it printed nothing"
