"""What the report tells of the base branch: where it went during the run, and what landed on it."""

from __future__ import annotations

import json

import pytest

from ledger.events import Kind
from ledger.render import html, markdown
from ledger.report import MissionReport
from tests.ledger.story import RUN, Story


def proved() -> Story:
    story = Story().built().validated(1, "m-b", check="passed")
    return story.tell(Kind.MILESTONE_SEALED, milestone="one", commit="m-b", branch="mission/x")


def passed(story: Story) -> Story:
    return story.tell(Kind.MISSION_COMPLETED, commit="m-b", branch="mission/x")


def moved(story: Story, tip: str | None = "tip", commits: int | None = 3) -> Story:
    return story.tell(Kind.BASE_MOVED, branch="main", base="base", tip=tip, commits=commits)


def verified(story: Story, status: str = "passed") -> Story:
    """A round on a landing's merge: told by the events of a milestone's, under another name."""
    rounds = Story().validated(1, "merge", check=status, VAL_A_001=status).events
    for event in rounds:
        story.tell(event.kind, **{**event.data, "milestone": "landing.merge"})
    return story


def landed(story: Story, commit: str = "merge", onto: str | None = "tip") -> Story:
    merged = commit == "merge"
    return story.tell(Kind.RESULT_LANDED, milestone="one", branch="main", commit=commit, onto=onto, merged=merged)


@pytest.mark.parametrize(
    ("tip", "commits", "told"),
    [
        ("tip", 3, "Meanwhile `main` moved by 3 commits to `tip`; the work stands on the recorded base `base`, and"),
        (
            "tip",
            None,
            "Meanwhile `main` was rewritten, and is at `tip`; the work stands on the recorded base `base`, w",
        ),
        (None, None, "Meanwhile `main` was deleted; the work stands on the recorded base `base`."),
    ],
)
def test_where_the_base_branch_went_is_one_sentence(tip: str | None, commits: int | None, told: str) -> None:
    report = passed(moved(proved(), tip, commits)).report()
    assert told in markdown(report)
    assert ("Meanwhile <code>main</code>" in html(report), f"mission land {RUN}" in html(report)) == (
        True,
        bool(commits),
    )
    there = json.loads(report.model_dump_json())["baseMoved"]
    assert there == {"branch": "main", "base": "base", "tip": tip, "commits": commits}


def test_without_a_result_nothing_can_be_landed() -> None:
    report = moved(proved()).tell(Kind.MISSION_FAILED, reason="not proved").report()
    assert "moved by 3 commits" in markdown(report)
    assert "mission land" not in markdown(report)


@pytest.mark.parametrize(
    ("commit", "onto", "told"),
    [
        ("m-b", "base", "Landed on `main` at `m-b`."),
        ("merge", "tip", "Landed on `main` at `merge`: merged with what was there, `tip`, and verified again"),
    ],
)
def test_what_landed_is_told_in_place_of_where_the_branch_went(commit: str, onto: str, told: str) -> None:
    report = landed(passed(moved(proved())), commit, onto).report()
    assert told in markdown(report)
    assert "Meanwhile" not in markdown(report)


def _but_for_the_landing(report: MissionReport) -> dict[str, object]:
    return report.model_dump(exclude={"landing", "base_moved"})


@pytest.mark.parametrize("status", ["passed", "failed"])
def test_a_landing_changes_nothing_of_what_the_run_came_to(status: str) -> None:
    story = passed(moved(proved()))
    before = story.report()
    report = verified(story.passes(5000), status).passes(5000).report()
    assert _but_for_the_landing(report) == _but_for_the_landing(before)
    assert report.base_moved == before.base_moved
    assert report.landing
    assert [(v.id, v.status) for v in report.landing.verdicts] == [("VAL-A-001", status), ("check", status)]
    assert "## Landing\n\n**Verdicts** on `merge`:" in markdown(report)
    assert "Landed" not in markdown(report)


def test_what_a_landing_was_verified_by_stays_with_it() -> None:
    report = landed(verified(passed(proved()))).report()
    assert report.landing
    assert (report.landing.branch, report.landing.onto, len(report.landing.verdicts)) == ("main", "tip", 2)
