from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from ledger.drawing import section
from ledger.events import Kind
from ledger.picture import markdown, mermaid, pictures
from ledger.render import html
from ledger.report import FeatureReport, IntegrationReport, MergeReport, MilestoneReport, MissionReport, RungReport
from tests.ledger.story import Story


def story(how: str = "union") -> Story:
    """Feature b met a conflict, and came in all the same."""
    begun = Story().begun().started("a").done("a").started("b").done("b").integrated("a")
    for rung, status in (("generated", "failed"), (how, "done")):
        told = {"rung": rung, "status": status, "reason": "", "seconds": 0.1, "agentRuns": 0, "usd": None}
        begun.tell(Kind.MERGE_TRIED, milestone="one", featureId="b", joining=False, **told)
    return begun.integrated("b", how)


def broken() -> Story:
    facts = {"check": "VAL-A-001", "commit": "m-b", "features": ["a", "b"], "trials": 2, "reason": "exit code 1"}
    return story().tell(Kind.CULPRITS_FOUND, milestone="one", **facts)


class Shapes(HTMLParser):
    """The elements, and that every one is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["text"]:
            self.words.append(data)


def test_the_picture_has_features_merges_their_rungs_and_what_was_tried_in_vain() -> None:
    [picture] = pictures(story().report())
    assert [(join.feature, join.rung, join.in_vain) for join in picture.joins] == [
        ("a", "clean", ()),
        ("b", "union", ("generated",)),
    ]


def test_mermaid_leads_from_the_base_through_every_merge_to_the_milestone_s_commit() -> None:
    [picture] = pictures(story().report())
    text = mermaid(picture)
    assert text.index("base ==> j1") < text.index("j1 ==> j2") < text.index("j2 ==> tip")
    assert "conflict, union" in text


@pytest.mark.parametrize("shown", [markdown, section])
def test_features_that_break_together_are_shown_with_the_check_that_tells(
    shown: Callable[[MissionReport], str],
) -> None:
    assert "break together: VAL-A-001" in shown(broken().report())
    assert "break together" not in shown(story().report())


def test_a_feature_that_did_not_come_in_is_told_from_those_that_did() -> None:
    told = {"rung": "union", "status": "failed", "reason": "no", "seconds": 0.1, "agentRuns": 0, "usd": None}
    begun = (
        Story().begun().integrated("a").tell(Kind.MERGE_TRIED, milestone="one", featureId="b", joining=False, **told)
    )
    begun.tell(Kind.INTEGRATION_FAILED, milestone="one", featureId="b", merged=["a"], reason="they conflict")
    [picture] = pictures(begun.report())
    assert [join.tone for join in picture.joins] == ["good", "bad"]
    assert (picture.end, picture.tone) == ("not integrated", "bad")


def test_the_page_has_the_drawing_where_markdown_has_mermaid() -> None:
    page = html(broken().report())
    shapes = Shapes(page[page.index("<svg") : page.index("</svg>") + 6])
    assert shapes.names.count("rect") == 2
    assert shapes.open == []
    assert any("conflict, union" in words for words in shapes.words)
    assert "flowchart" not in page


def test_nothing_is_drawn_before_anything_came_together() -> None:
    report = Story().begun().started("a").done("a").report()
    assert (markdown(report), section(report)) == ("", "")


def test_what_others_wrote_stays_text() -> None:
    begun = broken()
    last = begun.events[-1]
    begun.events[-1] = type(last)(last.kind, last.timestamp, {**last.data, "check": 'x"| <script>'})
    report = begun.report()
    assert "<script" not in section(report)
    assert "x#34;#124; #60;script#62;" in markdown(report)


def test_of_very_many_features_those_with_conflicts_are_shown() -> None:
    names = [f"f{number}" for number in range(100)]
    merges = [MergeReport(feature=name, commit="c", how="union" if name == "f90" else "clean") for name in names]
    tried = [RungReport(feature="f90", rung="union", status="done", reason="", seconds=0, agent_runs=0, usd=None)]
    milestone = MilestoneReport(
        name="one",
        objective="",
        base="base",
        features=[FeatureReport(id=name, title=name, agent="a") for name in names],
        integration=IntegrationReport(merges=merges, tried=tried),
    )
    report = story().report().model_copy(update={"milestones": [milestone]})
    [picture] = pictures(report)
    assert "f90" in [join.feature for join in picture.joins]
    assert picture.left_out + len(picture.joins) == 100
