"""The contract's verdicts as JUnit XML: what CI systems show next to tests, and what is not proved is never green."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from blueprints.plan import Plan
from ledger.files import write_file
from ledger.report import AssertionReport, MissionReport, RunStatus, VerdictReport

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(file: Path, plan: Plan, report: MissionReport) -> None:
    """A case for each assertion, for each other check of the last milestone, and one for the mission itself.

    What failed is a failure. What nobody has proved, on the commit that was judged last, is an error; it is never
    skipped, which would pass for fine.
    """
    suite = Element("testsuite", name=report.mission, timestamp=report.started_at)
    for entry in report.contract:
        _add_assertion(suite, entry, report)
    last = plan.milestones[-1]
    verdicts = {verdict.id: verdict for verdict in report.milestone(last.name).verdicts}
    for check in last.checks:
        if check.assertion is None:
            _add(suite, last.name, f"{check.id}: {check.says}", [verdicts[check.id]] if check.id in verdicts else [])
    _add_mission(suite, report)
    counted = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in counted.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("skipped", "0")
    suite.set("time", f"{report.seconds:.3f}")
    suites = Element("testsuites", suite.attrib)
    suites.append(suite)
    indent(suites)
    write_file(file.absolute(), f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n')


def _add_assertion(suite: Element, entry: AssertionReport, report: MissionReport) -> None:
    verdicts = [v for v in _judged(report) if v.assertion == entry.id and v.commit == entry.commit]
    case = _add(suite, "contract", f"{entry.id}: {entry.says}", [*{v.id: v for v in verdicts}.values()], entry.status)
    latest = _judged_last(report)
    if entry.status == "passed" and entry.commit != latest:
        SubElement(case, "error", message=f"passed on {entry.commit}, and was not proved on {latest} yet")


def _judged(report: MissionReport) -> Iterator[VerdictReport]:
    for milestone in report.milestones:
        yield from milestone.verdicts


def _judged_last(report: MissionReport) -> str | None:
    """The commit that the claims are about: the delivered one, or that of the last milestone that has a verdict."""
    if report.status is RunStatus.PASSED:
        return report.commit
    return next((m.verdicts[0].commit for m in reversed(report.milestones) if m.verdicts), None)


def _add(suite: Element, group: str, name: str, verdicts: list[VerdictReport], status: str | None = None) -> Element:
    worst = status or next((v.status for v in verdicts if v.status != "passed"), None)
    status = worst or ("passed" if verdicts else "unproved")
    seconds = sum(verdict.seconds for verdict in verdicts)
    case = SubElement(suite, "testcase", classname=_text(group), name=_text(name), time=f"{seconds:.3f}")
    reasons = "\n".join(verdict.reason for verdict in verdicts if verdict.status != "passed")
    if status != "passed":
        kind = "failure" if status == "failed" else "error"
        problem = SubElement(case, kind, type=status, message=_text((reasons or status).partition("\n")[0]))
        problem.text = _text(reasons or "nobody has proved it")
    if verdicts:
        SubElement(case, "system-out").text = _text("\n".join(_told(verdict) for verdict in verdicts))
    return case


def _told(verdict: VerdictReport) -> str:
    lines = [f"{verdict.id} {verdict.status} on {verdict.commit}", verdict.command, verdict.reason]
    return "\n".join(filter(None, [*lines, *(f"evidence: {path}" for path in verdict.evidence)]))


def _add_mission(suite: Element, report: MissionReport) -> None:
    """So that a run whose verdicts so far are fine, and that is not over or did not pass, is not taken for green."""
    case = SubElement(suite, "testcase", classname="mission", name=report.run, time=f"{report.seconds:.3f}")
    if report.status is not RunStatus.PASSED:
        kind = "failure" if report.status is RunStatus.FAILED else "error"
        SubElement(case, kind, type=report.status, message=_text(report.reason or report.status))


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
