"""The report of a run whose plan was amended: what the plan no longer has is gone, what it cost still counts."""

from __future__ import annotations

from ledger.events import Kind
from ledger.render import markdown
from tests.ledger.story import Story

USAGE = {"inputTokens": 10, "usd": 0.5}


def amended(story: Story, again: list[str], proved: list[str], assertions: list[str] | None = None) -> Story:
    facts = {"provedAgain": proved, "assertions": assertions or []}
    return story.tell(Kind.PLAN_AMENDED, plan="new", before="old", by="ada", again=again, **facts)


def sealed(story: Story, milestone: str = "one", commit: str = "m-b") -> Story:
    return story.tell(Kind.MILESTONE_SEALED, milestone=milestone, commit=commit, branch="mission/x")


def test_what_was_done_for_features_and_milestones_that_are_gone_counts_in_the_totals() -> None:
    story = Story().begun().tell(Kind.MILESTONE_STARTED, milestone="gone", base="base")
    story.tell(Kind.CHECK_WITNESSED, id="VAL-X-001", base="b", status="failed", reason="", since="gone")
    story.started("old", milestone="gone").failed("old", "it broke", usage=USAGE)
    story.tell(Kind.FEATURE_FAILED, milestone="gone", featureId="old", status="failed", reason="it broke")
    story.started("old", milestone="gone").done("old", usage=USAGE)
    story.tell(Kind.TESTS_WITNESSED, featureId="old", files=["t"], red="", green="")
    story.tell(Kind.FEATURE_INTEGRATED, milestone="gone", featureId="old", commit="c", how="clean")
    story.tell(Kind.REPAIR_STARTED, milestone="gone", commit="c", failing=["x"])
    story.tell(Kind.MILESTONE_VALIDATION_TRIGGERED, milestone="gone", round=1, commit="c")
    sealed(story, "gone", "c").tell(Kind.MILESTONE_LANDED, milestone="gone", branch="main", commit="c")
    report = amended(story, ["a"], ["one"]).report()
    totals = report.totals
    assert (totals.agent_runs, totals.features, totals.repairs, totals.usd) == (2, 1, 1, 1.0)
    assert totals.tokens == {"worker": {"inputTokens": 20}}
    assert [milestone.name for milestone in report.milestones] == ["one", "two"]
    assert (report.commit, report.branch) == (None, None)


def test_what_is_to_be_done_again_is_not_done_any_more() -> None:
    story = sealed(Story().built().validated(1, "m-b", VAL_A_001="passed", validator="passed"))
    before = story.report()
    assert (before.commit, before.contract[0].status) == ("m-b", "passed")
    report = amended(story, ["b"], ["one"], ["VAL-A-001"]).report()
    one = report.milestone("one")
    assert [(f.id, f.status) for f in one.features] == [("a", "integrated"), ("b", "pending")]
    assert (one.status, one.verdicts, report.commit, report.contract[0].status) == ("pending", [], None, "unproved")


def test_a_milestone_whose_seal_holds_stays_the_result() -> None:
    story = sealed(sealed(Story().built()), "two", "later")
    report = amended(story, ["c"], ["two"]).report()
    assert (report.milestone("one").status, report.commit, report.branch) == ("sealed", "m-b", "mission/x")


def test_a_question_about_the_plan_as_it_was_is_none_any_more() -> None:
    story = Story().begun().tell(Kind.PLAN_PROPOSED, plan="old", green=[])
    assert amended(story, [], []).report().status == "running"


def test_the_result_is_what_the_mission_ended_with() -> None:
    story = sealed(sealed(Story().built()), "two", "later")
    story.tell(Kind.MISSION_COMPLETED, commit="m-b", branch="mission/x")
    assert story.report().commit == "m-b"


def test_the_report_says_when_and_by_whom_the_plan_was_amended() -> None:
    story = amended(Story().built(), ["b"], ["one"])
    at = story.events[-1].timestamp
    [amendment] = story.report().amendments
    assert (amendment.at, amendment.by, amendment.plan, amendment.again) == (at, "ada", "new", ["b"])
    told = f"The plan was amended at {at} by ada; to be done from then on, as far as it was done before: `b`."
    assert told in markdown(story.report())
