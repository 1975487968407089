"""`kind: pytest`: tests run by pytest, each with its own result and its usual id."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from blueprints.checks import PytestCheck
from validators.base import Bench, Observation
from validators.report_file import UnreadableError, read
from validators.results import Case, Results, cases, combine, judge
from validators.shell import end, not_run, run_lines
from workspaces.process import Finished


@dataclass(frozen=True)
class PytestValidator:
    check: PytestCheck

    def look(self, bench: Bench) -> Observation:
        report = bench.evidence / "junit.xml"
        report.unlink(missing_ok=True)
        finished = run_lines(self.check, bench, lines=self._line(bench, report))
        observation = not_run(finished, self.check.timeout) or self._judge(bench, report, finished)
        return replace(observation, exit_code=finished.exit_code)

    def _line(self, bench: Bench, report: Path) -> str:
        options = ["-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        return f"{self.check.run.rstrip()} {shlex.join([*self._targets(bench), *options])}"

    def _targets(self, bench: Bench) -> list[str]:
        # A file's name is somebody else's choice: it must not look like an option.
        files = [f"./{file}" if file.startswith(("-", "@")) else file for file in bench.tests]
        return list(dict.fromkeys([*self.check.paths, *files, *(test.removesuffix("::") for test in self.check.tests)]))

    def _judge(self, bench: Bench, report: Path, finished: Finished) -> Observation:
        try:
            return judge(self.check, self._results(bench, report), finished)
        except UnreadableError as error:
            return Observation.inconclusive(f"{error} (exit code {finished.exit_code}): {end(finished.output)}")

    def _results(self, bench: Bench, report: Path) -> Results:
        found = cases(read(report, within=bench.evidence), report.name)
        root = _root(bench.checkout, self._targets(bench), {case.file for case in found if case.file})
        return combine(found, lambda case: pytest_id(case, bench.checkout, root))


def pytest_id(case: Case, checkout: Path, root: PurePosixPath) -> str:
    """`tests/test_a.py::TestX::test_y[param]`, relative to the checkout; `root` is pytest's own folder in it.

    pytest gives the file in which a test was defined: for an inherited one, that of the base class. The class name
    has the module in which it was collected.
    """
    if not (case.file or case.classname):
        return case.id
    module = case.file.removesuffix(".py").replace("/", ".")
    if case.name == module and not case.classname:  # the file itself, that could not be collected or was skipped
        return str(root / case.file)
    if f"{case.classname}.".startswith(f"{module}."):
        return "::".join([str(root / case.file), *_words(case.classname.removeprefix(module)), case.name])
    words = _words(case.classname)
    for length in range(len(words), 0, -1):
        path = root.joinpath(*words[:length]).with_suffix(".py")
        if (checkout / path).is_file():
            return "::".join([str(path), *words[length:], case.name])
    return case.id


def _words(dotted: str) -> list[str]:
    return [word for word in dotted.split(".") if word]


def _root(checkout: Path, targets: Iterable[str], files: Iterable[str]) -> PurePosixPath:
    """The folder that pytest's paths are relative to: where a configuration below the checkout made it another one.

    It is, or is above, what pytest was told to collect, and below that are the files of the results.
    """
    told = [PurePosixPath(target.partition("::")[0]) for target in targets]
    folders = [PurePosixPath(), *(folder for path in told for folder in (*reversed(path.parents), path))]

    def fitting(folder: PurePosixPath) -> int:
        here = (folder / file for file in files)
        return sum(any(file.is_relative_to(path) for path in told) and (checkout / file).is_file() for file in here)

    return max(dict.fromkeys(folders), key=fitting)
