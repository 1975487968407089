"""`kind: command`: a shell line, exit 0, and something that was really run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blueprints.checks import CommandCheck
from validators.base import Bench, Observation
from validators.shell import end, not_run, run_lines
from validators.vacuous import denied, nothing_ran


@dataclass(frozen=True)
class CommandValidator:
    check: CommandCheck

    def look(self, bench: Bench) -> Observation:
        finished = run_lines(self.check, bench)
        observation = not_run(finished, self.check.timeout) or _judge(
            self.check.run, finished.exit_code, finished.output
        )
        return replace(observation, exit_code=finished.exit_code)


def _judge(run: str, code: int | None, output: str) -> Observation:
    if nothing := nothing_ran(output):
        return Observation.inconclusive(nothing)
    if code != 0:
        return Observation.failed(f"exit code {code}: {end(output)}")
    if reason := denied(run, output):
        return Observation.inconclusive(reason)
    return Observation.passed("exit code 0")
