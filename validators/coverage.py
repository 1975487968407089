"""`kind: coverage`: the share of the changed lines that a command reaches, by the report it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from blueprints.checks import CoverageCheck
from validators.base import Bench, Observation
from validators.changed_lines import changed_lines
from validators.coverage_report import CoverageReport, parse
from validators.paths import refused, shown, some
from validators.report_file import UnreadableError, located, read
from validators.shell import end, not_run, run_lines
from validators.vacuous import nothing_ran
from workspaces.git import GitError
from workspaces.process import Finished

_NAMED = 10

Changed = Mapping[str, Set[int]]


@dataclass(frozen=True)
class CoverageValidator:
    check: CoverageCheck

    def look(self, bench: Bench) -> Observation:
        try:
            report = located(bench.checkout, self.check.report)
            report.unlink(missing_ok=True)
        except (UnreadableError, OSError) as error:
            return Observation.inconclusive(f"nothing was run: {error}")
        finished = run_lines(self.check, bench)
        observation = not_run(finished, self.check.timeout) or self._judge(bench, report, finished)
        return replace(observation, exit_code=finished.exit_code)

    def _judge(self, bench: Bench, report: Path, finished: Finished) -> Observation:
        if nothing := nothing_ran(finished.output):
            return Observation.inconclusive(nothing)
        if finished.exit_code != 0:
            return Observation.failed(f"exit code {finished.exit_code}: {end(finished.output)}")
        try:
            known = parse(read(report, within=bench.checkout), report.name, bench.checkout)
            changed = changed_lines(bench.checkout, bench.base, bench.commit, self.check.paths)
        except UnreadableError as error:
            return Observation.inconclusive(f"{error}: {end(finished.output)}")
        except GitError as error:
            return refused(error)
        return self._compare(changed, known)

    def _compare(self, changed: Changed, report: CoverageReport) -> Observation:
        if not changed:
            return Observation.inconclusive(f"no line changed since the base in {', '.join(self.check.paths)}")
        if unclear := [path for path in changed if path in report.unclear]:
            return Observation.inconclusive(f"the report does not tell which file it means: {some(unclear)}")
        counted = {path: sorted(lines & report.files.get(path, {}).keys()) for path, lines in changed.items()}
        total = sum(map(len, counted.values()))
        if not total:
            count = sum(map(len, changed.values()))
            return Observation.inconclusive(f"the report knows none of the {count} changed lines of {some([*changed])}")
        missed = {path: [n for n in lines if not report.files[path][n]] for path, lines in counted.items() if lines}
        unknown = [path for path in changed if path not in report.files]
        return self._measured(total, {path: lines for path, lines in missed.items() if lines}, unknown)

    def _measured(self, total: int, missed: Mapping[str, Sequence[int]], unknown: Sequence[str]) -> Observation:
        reached = total - sum(map(len, missed.values()))
        tenths = reached * 1000 // total / 10  # rounded down: what is below the minimum never looks like it
        told = f"{tenths:g} % of {total} changed lines are reached (minimum {self.check.minimum:g} %)"
        unseen = f"; the report does not know {some(unknown)}" if unknown else ""
        if 100 * reached / total < self.check.minimum:
            return Observation.failed(f"{told}: {_places(missed)}{unseen}")
        return Observation.passed(f"{told}{unseen}")


def _places(missed: Mapping[str, Sequence[int]]) -> str:
    """`src/a.py 3-5, 9; src/b.py 1`."""
    told = [f"{shown(path)} {_ranges(lines)}" for path, lines in missed.items()]
    more = f" and {len(told) - _NAMED} more files" if len(told) > _NAMED else ""
    return "; ".join(told[:_NAMED]) + more


def _ranges(lines: Sequence[int]) -> str:
    ranges = list[list[int]]()
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    told = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return ", ".join(told[:_NAMED]) + (f" and {len(told) - _NAMED} more places" if len(told) > _NAMED else "")
