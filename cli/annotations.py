"""What a run tells GitHub Actions: annotations, the step's summary and outputs. And lines that tell it nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blueprints.errors import one_line
from ledger.render import markdown
from ledger.report import FindingReport, MissionReport, RunStatus, StepStatus

_SUMMARY = 1 << 20
"""Bytes that GitHub takes of a step's summary."""
_MOST = 10
"""Annotations of a level that GitHub shows of a step."""
_LONGEST = 2000
_CUT = "\n\n_The report is longer than GitHub takes; all of it is in the run's folder, in `report.md`._\n"


@dataclass(frozen=True)
class Annotation:
    """One message that GitHub shows with the job, and in a file if it names one."""

    level: str
    """error or warning"""
    title: str
    text: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """A workflow command, escaped as GitHub's own toolkit does it."""
        place = {"file": self.file, "line": str(self.line or "")} if self.file else {}
        properties = {"title": self.title, **place}
        told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        return f"::{self.level} {told}::{_data(self.text[:_LONGEST])}"


def at_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def inert(text: str) -> str:
    """A text as one line that GitHub takes for no command, wherever in the line its older form stands."""
    return one_line(text).replace("##[", "## [")


def annotated(report: MissionReport) -> list[str]:
    """The annotations of a run, the most important first, and no more than are shown."""
    found = list(_all(report))
    lines: list[str] = []
    for level in ("error", "warning"):
        own = [each for each in found if each.level == level]
        shown = own if len(own) <= _MOST else own[: _MOST - 1]
        lines += map(str, shown)
        if len(own) > len(shown):
            lines.append(str(Annotation(level, "more", f"and {len(own) - len(shown)} more; see the report")))
    return lines


def _all(report: MissionReport) -> Iterator[Annotation]:
    if report.status not in (RunStatus.PASSED, RunStatus.RUNNING):
        level = "error" if report.status.over else "warning"
        yield Annotation(level, f"{report.mission} {report.status}", report.reason or report.status)
    for milestone in report.milestones:
        for feature in milestone.features:
            if feature.status in (StepStatus.FAILED, StepStatus.QUARANTINED, StepStatus.BLOCKED):
                yield Annotation("error", f"feature {feature.id} {feature.status}", feature.reason)
        for verdict in milestone.verdicts:
            if verdict.status != "passed":
                yield Annotation("error", f"{verdict.id} {verdict.status}", f"{verdict.says}: {verdict.reason}")
    for finding in report.findings:
        if finding.fate in ("open", "backlog"):
            yield _finding(finding)


def _finding(finding: FindingReport) -> Annotation:
    level = "error" if finding.severity == "blocking" and finding.fate == "open" else "warning"
    return Annotation(level, f"finding {finding.id}", finding.description, file=finding.file, line=finding.line)


def write_summary(report: MissionReport) -> None:
    """Append the report to the step's summary, as much of it as GitHub takes."""
    if not (name := os.environ.get("GITHUB_STEP_SUMMARY")):
        return
    path = Path(name)
    room = _SUMMARY - (path.stat().st_size if path.exists() else 0)
    with path.open("ab") as stream:
        stream.write(shortened(markdown(report), room).encode())


def shortened(text: str, room: int) -> str:
    """The whole lines for which there is room, in bytes; a cut is told."""
    if len(text.encode()) <= room:
        return text
    kept = text.encode()[: max(0, room - len(_CUT.encode()))].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + _CUT if room > len(_CUT.encode()) else ""


def write_outputs(report: MissionReport, status: str) -> None:
    """What later steps and jobs can ask for."""
    if not (name := os.environ.get("GITHUB_OUTPUT")):
        return
    outputs = {
        "run": report.run,
        "status": status,
        "branch": report.branch or "",
        "commit": report.commit or "",
    }
    with Path(name).open("a", encoding="utf-8") as stream:
        stream.writelines(f"{key}={one_line(value)}\n" for key, value in outputs.items())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
