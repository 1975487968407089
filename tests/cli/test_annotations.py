"""What GitHub is told of a run, and what it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.annotations import Annotation, annotated, inert, shortened, write_summary
from ledger.events import Kind
from tests.ledger.story import Story


def test_an_annotation_is_escaped_as_github_reads_it() -> None:
    said = str(Annotation("error", "a: b, c%", "50%\r\n::warning::x", file="a,b:c.py", line=3))
    assert said == "::error title=a%3A b%2C c%25,file=a%2Cb%3Ac.py,line=3::50%25%0D%0A::warning::x"


@pytest.mark.parametrize("text", ["::set-env name=A::b", "x\n::error::y", "x\r::error::y", "[##[add-mask]y", "\x1b[2K"])
def test_a_line_of_text_is_no_command(text: str) -> None:
    line = inert(text)
    assert line.isprintable()
    assert "##[" not in line


def test_failed_features_verdicts_and_findings_are_annotated() -> None:
    story = Story().built().validated(1, "c", VAL_A_001="failed")
    story.tell(
        Kind.FINDING_RECORDED,
        id="F-1",
        severity="non_blocking",
        description="It squeaks.",
        source="a",
        milestone="one",
        file="door.py",
        line=7,
    )
    story.tell(Kind.FEATURE_FAILED, milestone="one", featureId="b", status="failed", reason="gave up")
    lines = annotated(story.tell(Kind.MISSION_FAILED, reason="not proved").report())
    assert lines == [
        "::error title=demo failed::not proved",
        "::error title=feature b failed::gave up",
        "::error title=VAL-A-001 failed::make test: exit code 1",
        "::warning title=finding F-1,file=door.py,line=7::It squeaks.",
    ]


def test_what_github_would_not_show_is_counted() -> None:
    story = Story().built()
    for number in range(1, 13):
        facts = {"severity": "blocking", "description": "x", "source": "a", "milestone": "one"}
        story.tell(Kind.FINDING_RECORDED, id=f"F-{number}", **facts)
    lines = annotated(story.report())
    assert len(lines) == 10
    assert lines[-1] == "::error title=more::and 3 more; see the report"


def test_a_report_that_is_too_long_is_cut_at_a_line_and_says_so() -> None:
    cut = shortened("ä" * 40 + "\n" + "second line\n" * 100, 300)
    assert len(cut.encode()) <= 300
    assert cut.startswith("ä" * 40 + "\n")
    assert cut.endswith("_The report is longer than GitHub takes; all of it is in the run's folder, in `report.md`._\n")


def test_the_summary_leaves_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "summary").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    write_summary(Story().built().report())
    assert (tmp_path / "summary").read_text().startswith("before\n# ")
