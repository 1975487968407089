from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from ledger.cells import cell, duration
from ledger.events import Kind
from ledger.render import html, markdown, red_at_base
from tests.ledger.story import Story

NASTY = "a | b\nc `d` <script>alert(1)</script> \\| [x](javascript:alert(1)) ![i](http://other.invalid/i.png)"


class Page(HTMLParser):
    """Which elements a page has, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def nasty() -> Story:
    """Every text that somebody else wrote is as bad as it can be."""
    story = Story().begun().started("a").done("a", summary=NASTY).started("b").failed("b", NASTY)
    story.tell(Kind.FEATURE_FAILED, milestone="one", featureId="b", status="failed", reason=NASTY)
    finding = {"id": "F-1", "severity": "blocking", "description": NASTY, "suggestedFix": NASTY}
    story.tell(Kind.FINDING_RECORDED, **finding, source="a.1", milestone="one")
    story.validated(1, "c", check="failed")
    story.events[-1] = type(story.events[-1])(
        story.events[-1].kind, story.events[-1].timestamp, {**story.events[-1].data, "reason": NASTY, "says": NASTY}
    )
    return story.tell(Kind.MISSION_FAILED, reason=NASTY)


def rows(text: str) -> list[tuple[int, int]]:
    """The tables as Markdown's own parser sees them: rows, and cells in all rows."""
    kinds = [token.type for token in MarkdownIt("commonmark").enable("table").parse(text)]
    tables = " ".join(kinds).split("table_open")[1:]
    return [(part.count("tr_open"), part.count("td_open") + part.count("th_open")) for part in tables]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (4.16, "4.2 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("text", ["a|b", "a\\|b", "a\\\\|b", "a\nb|", "|", "<td>|"])
def test_a_cell_is_one_cell(text: str) -> None:
    assert rows(f"| a | b |\n|---|---|\n| {cell(text)} | x |\n") == [(2, 4)]


def test_every_table_keeps_its_columns_whatever_the_texts_hold() -> None:
    assert rows(markdown(nasty().report())) == [(3, 15), (2, 8), (2, 10), (2, 12)]


@pytest.mark.parametrize("length", range(295, 306))
def test_a_long_reason_is_cut_without_breaking_its_cell(length: int) -> None:
    story = Story().built().validated(1, "c", check="failed")
    bad = {**story.events[-1].data, "reason": "|" * length}
    story.events[-1] = type(story.events[-1])(story.events[-1].kind, story.events[-1].timestamp, bad)
    assert (2, 8) in rows(markdown(story.report()))


def test_it_tells_status_reason_and_result() -> None:
    story = Story().built().tell(Kind.MILESTONE_SEALED, milestone="one", commit="m-b", branch="mission/x")
    text = markdown(story.tell(Kind.MISSION_FAILED, reason="milestone two: no").report())
    assert re.search(r"^# .*failed.*demo$", text, re.MULTILINE)
    assert "milestone two: no" in text
    assert "branch `mission/x` at `m-b`" in text


def test_it_tells_features_merges_verdicts_and_findings() -> None:
    story = Story().built().integrated("b", "resolved").validated(2, "m-b", check="inconclusive")
    finding = {"id": "F-1", "severity": "suggestion", "description": "Odd."}
    story.tell(Kind.FINDING_RECORDED, **finding, suggestedFix="", source="a.1", milestone="one")
    text = markdown(story.report())
    for part in ("`a`", "b (resolved)", "`check`", "inconclusive", "evidence/one/output.log", "F-1", "Odd."):
        assert part in text


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    assert "Price: unknown." in markdown(Story().begun().started("a").done("a").report())


def test_a_partly_known_price_says_how_many_runs_are_missing() -> None:
    story = Story().begun().started("a").done("a", usage={"usd": 1.5}).started("b").done("b")
    assert "Price: 1.50 USD, and 1 runs of unknown price." in markdown(story.report())


def test_the_page_shows_what_the_markdown_tells() -> None:
    page = html(Story().built().validated(1, "m-b", check="passed").report())
    assert page.startswith("<!doctype html>")
    assert len(Page(page).all("table")) == 3
    assert "make test" in page


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = Page(html(nasty().report()))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "base"})
    assert not any("src" in attributes for _, attributes in page.elements)


def test_the_page_shows_html_in_the_texts_as_text() -> None:
    page = html(nasty().report())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_link_of_the_page_runs_a_script() -> None:
    links = [str(a.get("href")) for a in Page(html(nasty().report())).all("a")]
    assert links
    assert [link for link in links if not link.startswith(("evidence/", "http://"))] == []


def test_a_mission_s_name_cannot_end_the_title() -> None:
    report = Story().begun().report().model_copy(update={"mission": "</title><b>"})
    assert "</title><b>" not in html(report)


def proved() -> Story:
    """Milestone one sealed at `m-b`, with a screenshot among the evidence."""
    story = Story().begun()
    facts = {"id": "VAL-A-001", "since": "one", "base": "base", "status": "failed", "reason": "exit code 1: no a"}
    story.tell(Kind.CHECK_WITNESSED, milestone="one", **facts)
    story.validated(1, "m-b", VAL_A_001="passed")
    last = story.events[-1]
    shots = ["evidence/one/VAL-A-001/round-1/01-goto.png", 'evidence/one/VAL-A-001/round-1/a"b.png']
    story.events[-1] = type(last)(last.kind, last.timestamp, {**last.data, "evidence": shots})
    return story.tell(Kind.MILESTONE_SEALED, milestone="one", commit="m-b", branch="mission/x")


def test_the_claim_is_about_the_delivered_commit() -> None:
    assert "**Contract:** 1 of 1 assertions hold at `m-b`." in markdown(proved().report())


def test_a_verdict_on_another_commit_proves_nothing_about_the_delivered_one() -> None:
    story = proved().tell(Kind.MILESTONE_SEALED, milestone="one", commit="later", branch="mission/x")
    text = markdown(story.report())
    assert "**Contract:** 0 of 1 assertions hold at `later`." in text
    assert "| `VAL-A-001` The A is there. | ✓ passed | `m-b` |" in text


def test_it_tells_how_the_assertions_stood_before_the_work() -> None:
    text = markdown(proved().report())
    assert "**Before the work**, on `base`:" in text
    assert "| `VAL-A-001` | ✗ failed | exit code 1: no a |" in text


def test_the_approver_sees_how_the_assertions_stand() -> None:
    assert "| `VAL-A-001` | ✗ failed | exit code 1: no a |" in red_at_base(proved().events)
    assert red_at_base([]) == ""


def test_the_page_shows_the_screenshots() -> None:
    shown = [image["src"] for image in Page(html(proved().report())).all("img")]
    assert shown == [
        "evidence/one/VAL-A-001/round-1/01-goto.png",
        "evidence/one/VAL-A-001/round-1/a%22b.png",
    ]


def test_it_tells_what_became_of_each_finding() -> None:
    story = Story().begun()
    for number, severity in enumerate(["blocking", "blocking", "suggestion", "blocking"], 1):
        facts = {"severity": severity, "description": "It leaks.", "suggestedFix": "", "source": "a.1"}
        story.tell(Kind.FINDING_RECORDED, id=f"F-{number}", milestone="one", about="a", **facts)
    story.tell(Kind.FINDING_RESOLVED, id="F-1", milestone="one", fate="fixed", commit="c0ffee", proof="seen")
    story.tell(Kind.FINDING_RESOLVED, id="F-2", milestone="one", fate="dismissed", by="ada", why="not ours")
    story.tell(Kind.FINDING_RESOLVED, id="F-3", milestone="one", fate="backlog")
    fates = [line.split(" | ")[-1] for line in markdown(story.report()).splitlines() if line.startswith("| F-")]
    assert fates == ["fixed c0ffee: seen |", "dismissed ada: not ours |", "backlog |", "open |"]


def test_the_tests_that_a_feature_added_are_shown_red_and_green() -> None:
    story = Story().begun().started("a").done("a")
    facts = {"files": ["tests/test_a.py"], "red": "1 of 1 tests failed", "green": "1 passed"}
    story.tell(Kind.TESTS_WITNESSED, milestone="one", featureId="a", base="base", commit="commit-a", **facts)
    told = "- `a`: `tests/test_a.py`; without its work: 1 of 1 tests failed; with it: 1 passed"
    assert told in markdown(story.report())
