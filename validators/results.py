"""Results test by test, as JUnit XML has them, and what they say about a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from blueprints.checks import PytestCheck, TestsBase
from validators.base import Observation, TestResult
from validators.paths import shown, some
from validators.report_file import UnreadableError, parse_xml
from validators.shell import end
from workspaces.process import Finished

_SUITES = ("testsuite", "testsuites")
_FAILED = {"failure", "error", "flakyFailure", "flakyError", "rerunFailure", "rerunError"}
"""Children of a failed test; Maven writes the later ones when it ran a test again, with whatever result."""
_FAILED_STATUS = {"fail", "failed", "failure", "error"}
_SKIPPED = {"skipped", "disabled"}
_SKIPPED_STATUS = {"notrun", "skipped", "disabled", "suppressed", "pending", "ignored"}
"""What writers such as GoogleTest put in the attributes `status` and `result` of a test that did not run."""
_WORST = [TestResult.SKIPPED, TestResult.PASSED, TestResult.FAILED]
_NAMED, _LONGEST = 10, 300


@dataclass(frozen=True)
class Case:
    """One `<testcase>`. Texts are empty where the writer gave none."""

    name: str
    classname: str
    file: str
    suite: str
    result: TestResult
    message: str
    """The first line of what a failure says."""

    @property
    def id(self) -> str:
        """`classname::name`; the file, or else the suite, stands in for a class."""
        return "::".join(filter(None, (self.classname or self.file or self.suite, self.name)))


@dataclass(frozen=True)
class Results:
    tests: Mapping[str, TestResult]
    messages: Mapping[str, str]
    """What each failed test said first."""
    unfinished: int = 0
    """How many tests began and were cut short."""

    def having(self, *wanted: TestResult) -> list[str]:
        return [test for test, result in self.tests.items() if result in wanted]


def cases(document: bytes, name: str) -> list[Case]:
    """All test cases of a JUnit XML document called `name`; UnreadableError if it is none."""
    root = parse_xml(document, name)
    if root.tag not in _SUITES:
        raise UnreadableError(f"{name} is no JUnit XML: it begins with <{root.tag}>")
    suites = [element for element in root.iter() if element.tag in _SUITES]
    found = [_case(element, suite.get("name", "")) for suite in suites for element in suite.findall("testcase")]
    return found if any(case.result is TestResult.FAILED for case in found) else found + _failed_suites(suites)


def combine(found: Iterable[Case], name: Callable[[Case], str] = lambda case: case.id) -> Results:
    """Results by test id. Of several with the same id the failed one counts, also when a later one passed."""
    tests, messages, unfinished = dict[str, TestResult](), dict[str, str](), 0
    for case in found:
        if not case.name and case.result is not TestResult.FAILED:
            unfinished += 1
            continue
        test = name(case)
        tests[test] = max(tests.get(test, case.result), case.result, key=_WORST.index)
        if case.result is TestResult.FAILED:
            messages.setdefault(test, case.message)
    return Results(tests, messages, unfinished)


def judge(check: TestsBase, results: Results, finished: Finished) -> Observation:
    """What a command that ended by itself, and the results it wrote, say together."""
    return replace(_judgement(check, results, finished), exit_code=finished.exit_code, tests=results.tests)


def not_run_of(selected: Iterable[str], results: Results) -> list[str]:
    """Those of the selected ids, or beginnings of ids, of which no test ran."""
    ran = results.having(TestResult.PASSED, TestResult.FAILED)
    return [entry for entry in selected if not any(_begins(test, entry) for test in ran)]


def _judgement(check: TestsBase, results: Results, finished: Finished) -> Observation:
    code, ending = finished.exit_code, end(finished.output)
    failed, missing = results.having(TestResult.FAILED), not_run_of(check.tests, results)
    # A failure is certain whatever else did not run, unless the same failures on the base would excuse it.
    if failed and not (missing and check.allow_pre_existing):
        return Observation.failed(_failure(results, failed, missing))
    if results.unfinished:
        return Observation.inconclusive(f"the run was cut short: {results.unfinished} begun without a result: {ending}")
    if not results.tests:
        return Observation.inconclusive(_nothing(check, code, ending))
    if len(results.having(TestResult.SKIPPED)) == len(results.tests):
        return Observation.inconclusive(f"no test ran: {len(results.tests)} skipped")
    if missing:
        return Observation.inconclusive(f"selected tests did not run: {some(missing)}")
    if code != 0:
        return Observation.failed(f"exit code {code} although no test failed: {ending}")
    return Observation.passed(_counts(results))


def _nothing(check: TestsBase, code: int | None, ending: str) -> str:
    told = "pytest collected no test" if isinstance(check, PytestCheck) else "the command ran no test"
    return told if code in (0, 5) else f"{told} (exit code {code}): {ending}"


def _failure(results: Results, failed: Sequence[str], missing: Sequence[str]) -> str:
    ran = len(results.having(TestResult.PASSED, TestResult.FAILED))
    told = [_line(f"{test}: {results.messages[test]}".removesuffix(": ")) for test in failed[:_NAMED]]
    more = [f"and {len(failed) - _NAMED} more"] if len(failed) > _NAMED else []
    absent = [f"selected tests did not run: {some(missing)}"] if missing else []
    return f"{len(failed)} of {ran} test{'s' * (ran != 1)} failed: " + "; ".join([*told, *more, *absent])


def _line(text: str) -> str:
    return shown(" ".join(text.split()))[:_LONGEST]


def _counts(results: Results) -> str:
    passed, skipped = (len(results.having(result)) for result in (TestResult.PASSED, TestResult.SKIPPED))
    return f"{passed} passed" + (f", {skipped} skipped" if skipped else "")


def _begins(test: str, entry: str) -> bool:
    beginning = entry.removeprefix("./").rstrip("/").removesuffix("::")
    whole = test.removeprefix("./")
    return beginning in ("", ".", whole) or whole.startswith(tuple(beginning + mark for mark in ("::", "[", "/")))


def _case(element: Element, suite: str) -> Case:
    name, classname, file = (element.get(key, "") for key in ("name", "classname", "file"))
    return Case(name, classname, file, suite, _result(element), _message(element))


def _result(element: Element) -> TestResult:
    tags = {child.tag for child in element}
    said = {element.get(key, "").lower() for key in ("status", "result")}
    if tags & _FAILED or said & _FAILED_STATUS:
        return TestResult.FAILED
    return TestResult.SKIPPED if tags & _SKIPPED or said & _SKIPPED_STATUS else TestResult.PASSED


def _message(element: Element) -> str:
    for child in element:
        if child.tag in _FAILED:
            said, text = child.get("message", "").strip(), (child.text or "").strip()
            if said == "collection failure":  # pytest; what was raised stands in the last line
                return text.rpartition("\n")[2].removeprefix("E").strip()
            return (said or text).partition("\n")[0].strip()
    return ""


def _failed_suites(suites: Iterable[Element]) -> list[Case]:
    """The innermost suite that failed as a whole: it counts failures that no test shows, or has one of its own."""
    failed = [suite for suite in suites if _counts_failures(suite) or any(child.tag in _FAILED for child in suite)]
    return [
        Case("", "", "", suite.get("name") or suite.tag, TestResult.FAILED, _message(suite) or "the suite failed")
        for suite in failed[-1:]
    ]


def _counts_failures(suite: Element) -> bool:
    return any(suite.get(key, "").strip().lstrip("0").isdecimal() for key in ("failures", "errors"))
