"""`kind: junit`: a command that writes JUnit XML, judged by the results in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blueprints.checks import JunitCheck
from validators.base import Bench, Observation
from validators.report_file import UnreadableError, matching, read
from validators.results import Results, cases, combine, judge
from validators.shell import end, not_run, run_lines
from workspaces.process import Finished


@dataclass(frozen=True)
class JunitValidator:
    check: JunitCheck

    def look(self, bench: Bench) -> Observation:
        try:
            for path in matching(bench.checkout, self.check.junit):
                path.unlink()
        except (UnreadableError, OSError) as error:
            return Observation.inconclusive(f"nothing was run: {error}")
        finished = run_lines(self.check, bench)
        observation = not_run(finished, self.check.timeout) or self._judge(bench, finished)
        return replace(observation, exit_code=finished.exit_code)

    def _judge(self, bench: Bench, finished: Finished) -> Observation:
        try:
            return judge(self.check, self._results(bench), finished)
        except UnreadableError as error:
            return Observation.inconclusive(f"{error} (exit code {finished.exit_code}): {end(finished.output)}")

    def _results(self, bench: Bench) -> Results:
        """Of all files together: whatever is there was written by this run."""
        paths = matching(bench.checkout, self.check.junit)
        if not paths:
            raise UnreadableError(f"no {self.check.junit} was written")
        return combine(case for path in paths for case in cases(read(path, within=bench.checkout), path.name))
