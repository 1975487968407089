from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.events import Kind, Ledger, read_events
from ledger.fold import build_report
from ledger.render import markdown
from ledger.report import RunStatus, StepStatus
from tests.ledger.story import RUN, Story, plan


def status_of(story: Story, feature: str) -> tuple[StepStatus, str]:
    found = story.report().feature(feature)
    return found.status, found.reason


def test_the_json_has_the_figures_of_the_design() -> None:
    story = Story().built().validated(1, "m-b", check="passed")
    story.tell(Kind.MILESTONE_SEALED, milestone="one", commit="m-b", branch="mission/x")
    data = json.loads(story.report().model_dump_json())
    assert {"run", "mission", "status", "reason", "base", "commit", "branch", "startedAt", "seconds"} <= set(data)
    assert {"milestones", "findings", "totals"} <= set(data)
    milestone = data["milestones"][0]
    assert {"name", "status", "rounds", "base", "commit", "features", "integration", "verdicts"} <= set(milestone)
    feature = {"id", "status", "reason", "attempts", "agentRuns", "commit", "base", "seconds", "usage"}
    assert feature <= set(milestone["features"][0])
    assert {"status", "merges"} <= set(milestone["integration"])
    assert {"id", "kind", "status", "commit", "evidence", "reason"} <= set(milestone["verdicts"][0])
    assert {"agentRuns", "features", "repairs", "secondsByRole", "tokens", "usd"} <= set(data["totals"])


def test_a_run_that_was_only_accepted_is_all_pending() -> None:
    report = Story().tell(Kind.MISSION_ACCEPTED, run=RUN).report()
    assert (report.run, report.mission, report.goal) == (RUN, "demo", "Try it.")
    assert [m.status for m in report.milestones] == ["pending", "pending"]
    assert [f.status for m in report.milestones for f in m.features] == ["pending"] * 3


def test_it_is_the_same_from_the_ledger_on_disk(tmp_path: Path) -> None:
    ledger, story = Ledger(tmp_path / "ledger.jsonl"), Story().built()
    for event in story.events:
        ledger.append(event.kind, **event.data)
    told = build_report(RUN, plan(), read_events(ledger.path)).model_dump(exclude={"started_at", "seconds"})
    assert told == story.report().model_dump(exclude={"started_at", "seconds"})


def test_a_feature_at_work_is_running() -> None:
    assert status_of(Story().begun().started("a"), "a") == ("running", "")


def test_a_proved_feature_is_done_at_its_commit() -> None:
    feature = Story().begun().started("a").done("a", summary="It is there.").report().feature("a")
    assert (feature.status, feature.commit, feature.base) == ("done", "commit-a", "base")
    assert (feature.summary, feature.seconds) == ("It is there.", 2.0)


def test_a_merged_feature_is_integrated() -> None:
    assert status_of(Story().built(), "a") == ("integrated", "")


def test_a_retried_feature_counts_its_attempts_and_time() -> None:
    story = Story().begun().started("a").failed("a", "no work", seconds=1.5).started("a").done("a", seconds=2)
    feature = story.report().feature("a")
    assert (feature.status, feature.reason, feature.attempts, feature.seconds) == ("done", "", 2, 3.5)


def test_a_feature_that_is_tried_again_is_not_failed() -> None:
    assert status_of(Story().begun().started("a").failed("a", "no work"), "a") == ("running", "no work")


@pytest.mark.parametrize("status", ["failed", "quarantined"])
def test_a_feature_without_attempts_left_is_failed_or_quarantined(status: str) -> None:
    story = Story().begun().started("a").failed("a", "no work")
    story.tell(Kind.FEATURE_FAILED, milestone="one", featureId="a", status=status, reason="no work")
    assert status_of(story, "a") == (status, "no work")


def test_a_dependent_of_a_failed_feature_is_blocked() -> None:
    story = Story().begun().tell(Kind.FEATURE_BLOCKED, milestone="one", featureId="b", reason="needs a")
    assert status_of(story, "b") == ("blocked", "needs a")


def test_a_feature_of_a_stopped_mission_is_stopped() -> None:
    story = Story().begun().started("a")
    story.tell(
        Kind.WORKER_PAUSED, role="worker", featureId="a", reason="the mission was stopped", seconds=1, usage=None
    )
    assert status_of(story, "a") == ("stopped", "the mission was stopped")


def test_merges_are_told_with_how_they_were_made() -> None:
    integration = Story().begun().integrated("a").integrated("b", "resolved").report().milestones[0].integration
    assert [(m.feature, m.commit, m.how) for m in integration.merges] == [
        ("a", "m-a", "clean"),
        ("b", "m-b", "resolved"),
    ]


def test_a_merge_done_again_replaces_the_former_one() -> None:
    integration = Story().begun().integrated("a").integrated("a", "contained").report().milestones[0].integration
    assert [m.how for m in integration.merges] == ["contained"]


def test_an_integration_that_failed_tells_why() -> None:
    story = Story().built().tell(Kind.INTEGRATION_FAILED, milestone="one", featureId="b", reason="conflict in x")
    integration = story.report().milestones[0].integration
    assert (integration.status, integration.reason) == ("failed", "conflict in x")


def test_only_the_last_round_s_verdicts_are_in_it() -> None:
    story = Story().built().validated(1, "m-b", x="failed", y="passed")
    story.tell(Kind.REPAIR_STARTED, milestone="one", round=1, commit="m-b", failing=["x"])
    story.validated(2, "repaired", x="passed", y="passed")
    milestone = story.report().milestones[0]
    assert (milestone.rounds, milestone.commit) == (2, "repaired")
    assert [(v.id, v.status, v.round) for v in milestone.verdicts] == [("x", "passed", 2), ("y", "passed", 2)]


def test_repairs_are_counted() -> None:
    story = Story().built().tell(Kind.REPAIR_STARTED, milestone="one", commit="m-b", failing=["x"])
    assert story.report().totals.repairs == 1


def test_a_sealed_milestone_is_the_mission_s_commit() -> None:
    story = Story().built().tell(Kind.MILESTONE_SEALED, milestone="one", commit="m-b", branch="mission/x")
    report = story.report()
    assert (report.milestones[0].status, report.commit, report.branch) == ("sealed", "m-b", "mission/x")


def test_a_landed_milestone_is_marked() -> None:
    story = Story().built().tell(Kind.MILESTONE_LANDED, milestone="one", branch="main", commit="m-b")
    assert [m.landed for m in story.report().milestones] == [True, False]


def test_a_failed_milestone_tells_why_until_it_is_tried_again() -> None:
    story = Story().begun().tell(Kind.MILESTONE_FAILED, milestone="one", reason="not proved")
    assert (story.report().milestones[0].status, story.report().milestones[0].reason) == ("failed", "not proved")
    story.tell(Kind.MILESTONE_STARTED, milestone="one", base="base")
    assert (story.report().milestones[0].status, story.report().milestones[0].reason) == ("running", "")


def test_findings_are_told_with_their_source() -> None:
    finding = {"id": "F-1", "severity": "blocking", "description": "Odd.", "suggestedFix": "Mend it."}
    story = Story().begun().tell(Kind.FINDING_RECORDED, **finding, source="a.1", milestone="one")
    [found] = story.report().findings
    assert (found.id, found.severity, found.suggested_fix, found.source) == ("F-1", "blocking", "Mend it.", "a.1")


def test_time_is_added_by_role() -> None:
    story = Story().begun().started("a").failed("a", "no work", seconds=1).started("a").done("a", seconds=2)
    story.started("b", role="integrator").done("b", role="integrator", seconds=4)
    assert story.report().totals.seconds_by_role == {"worker": 3, "integrator": 4}


def test_agent_runs_count_all_roles_and_features_only_the_workers() -> None:
    story = Story().begun().started("a").done("a").started("a", role="integrator").done("a", role="integrator")
    totals = story.report().totals
    assert (totals.agent_runs, totals.features) == (2, 1)


def test_unknown_usage_stays_unknown_and_is_counted() -> None:
    report = Story().begun().started("a").done("a").report()
    assert report.feature("a").usage is None
    assert (report.totals.usd, report.totals.tokens, report.totals.runs_with_unknown_usage) == (None, {}, 1)
    assert json.loads(report.model_dump_json())["milestones"][0]["features"][0]["usage"] is None


def test_known_usage_is_added_up() -> None:
    story = Story().begun().started("a").failed("a", "no", usage={"input": 10, "output": 1, "usd": 0.1})
    story.started("a").done("a", usage={"input": 5, "cached": 7, "usd": 0.2})
    report = story.report()
    assert report.feature("a").usage == pytest.approx({"input": 15, "output": 1, "cached": 7, "usd": 0.3})
    assert report.totals.tokens == {"worker": {"input": 15, "output": 1, "cached": 7}}
    assert (report.totals.usd, report.totals.runs_with_unknown_usage) == (0.3, 0)


def test_known_and_unknown_usage_together_are_the_known_part() -> None:
    story = Story().begun().started("a").failed("a", "no", usage={"usd": 0.5}).started("a").done("a")
    report = story.report()
    assert report.feature("a").usage == {"usd": 0.5}
    assert (report.totals.usd, report.totals.runs_with_unknown_usage) == (0.5, 1)


def test_a_price_of_nothing_is_not_unknown() -> None:
    assert Story().begun().started("a").done("a", usage={"usd": 0}).report().totals.usd == 0


def test_its_seconds_are_those_from_first_to_last() -> None:
    report = Story().life().passes(9.5).tell(Kind.MISSION_COMPLETED, commit="c", branch="b").report()
    assert (report.started_at, report.seconds) == ("2025-01-01T00:00:00.000+00:00", 9.5)


def test_time_between_two_lives_does_not_count() -> None:
    story = Story().life().passes(10).tell(Kind.MISSION_PAUSED, reason="paused by me")
    story.passes(5000).tell(Kind.MISSION_RESUMED).life().passes(3).tell(Kind.MISSION_COMPLETED)
    assert story.report().seconds == 10 + 3


def test_time_since_a_crash_does_not_count() -> None:
    story = Story().life().passes(10).tell(Kind.MILESTONE_STARTED, milestone="one", base="base")
    assert story.passes(5000).tell(Kind.MISSION_RESUMED).report().seconds == 10


def test_time_between_a_pause_and_a_cancellation_does_not_count() -> None:
    story = Story().life().passes(10).tell(Kind.MISSION_PAUSED, reason="paused by me")
    assert story.passes(5000).tell(Kind.MISSION_CANCELLED, reason="cancelled by me").report().seconds == 10


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.MISSION_PAUSED, RunStatus.PAUSED),
        (Kind.MISSION_COMPLETED, RunStatus.PASSED),
        (Kind.MISSION_FAILED, RunStatus.FAILED),
        (Kind.MISSION_CANCELLED, RunStatus.CANCELLED),
    ],
)
def test_the_last_word_is_the_run_s_status(kind: Kind, status: RunStatus) -> None:
    report = Story().begun().tell(kind, reason="because").report()
    assert (report.status, report.reason) == (status, "because")


def test_a_proposed_plan_waits() -> None:
    story = Story().life().tell(Kind.PLAN_PROPOSED, plan="d")
    assert (story.report().status, story.report().reason) == ("waiting", "the plan waits for approval")
    assert story.tell(Kind.PLAN_APPROVED, plan="d", decision="approve", by="me").report().status == "running"


@pytest.mark.parametrize(
    ("decision", "note", "reason"),
    [
        ("reject", "", "plan rejected"),
        ("reject", "too big", "plan rejected: too big"),
        ("revise", "split a", "revision requested: split a"),
    ],
)
def test_a_rejection_is_told_with_its_note(decision: str, note: str, reason: str) -> None:
    story = Story().life().tell(Kind.PLAN_REJECTED, plan="d", by="me", decision=decision, note=note)
    assert (story.report().status, story.report().reason) == ("rejected", reason)


def test_a_resumed_run_is_running_again() -> None:
    story = Story().begun().tell(Kind.MISSION_FAILED, reason="milestone one: no").tell(Kind.MISSION_RESUMED).life()
    assert (story.report().status, story.report().reason) == ("running", "")


@pytest.mark.parametrize("status", list(RunStatus))
def test_a_run_is_over_when_it_has_an_outcome(status: RunStatus) -> None:
    assert status.over == (status in ("passed", "failed", "cancelled", "rejected"))


def test_an_assertion_stands_as_its_checks_do_on_the_last_commit() -> None:
    story = Story().built()
    assert [(e.id, e.status, e.commit) for e in story.report().contract] == [("VAL-A-001", "unproved", None)]
    story.validated(1, "m-b", VAL_A_001="failed")
    assert [(e.status, e.commit) for e in story.report().contract] == [("failed", "m-b")]
    story.validated(2, "repaired", VAL_A_001="passed")
    assert [(e.status, e.commit) for e in story.report().contract] == [("passed", "repaired")]


def test_a_run_at_a_gate_waits_until_it_is_answered() -> None:
    story = Story().built()
    story.tell(Kind.GATE_OPENED, gate="VAL-A-001@c0ffee", milestone="one", about="VAL-A-001 waits for an answer: ?")
    assert (story.report().status, story.report().reason) == ("waiting", "VAL-A-001 waits for an answer: ?")
    story.tell(Kind.GATE_CLOSED, gate="VAL-A-001@c0ffee", milestone="one", answer="pass", by="ada", note="")
    assert (story.report().status, story.report().reason) == ("running", "")


def test_it_tells_who_decided_what_and_when() -> None:
    story = Story().tell(Kind.ASSERTION_ACCEPTED, assertion="VAL-A-001", by="ada")
    story.tell(Kind.PLAN_APPROVED, plan="0123456789abcdef", decision="approve", by="ada", note="As we | said.")
    story.built().tell(Kind.GATE_CLOSED, gate="findings@F-1", milestone="one", answer="stop", by="bob", note="")
    decisions = [(d.by, d.about, d.decision, d.note) for d in story.report().decisions]
    assert decisions == [
        ("ada", "VAL-A-001", "accept", ""),
        ("ada", "plan 0123456789ab", "approve", "As we | said."),
        ("bob", "findings@F-1", "stop", ""),
    ]
    assert "| ada | `plan 0123456789ab` | approve | As we \\| said. |" in markdown(story.report())


def test_turns_tools_and_models_are_counted_by_role() -> None:
    story = Story().begun()
    for turns in (3, 1, 40):
        usage = {"input": 10.0, "output": 1.0}
        story.started("a").done("a", turns=turns, tools={"bash": turns}, model="some-model", usage=usage)
    totals = story.report().totals
    assert totals.turns["worker"].model_dump() == {"runs": [3, 1, 40], "median": 3, "p90": 40}
    assert (totals.tools, totals.models) == ({"bash": 44}, {"some-model": 3})
    assert "Turns, median and p90: worker 3 and 40. Tool calls: bash 44." in markdown(story.report())
    assert "| worker | 30 | 3 |" in markdown(story.report())


def test_a_parked_feature_says_until_when() -> None:
    parked = {"role": "worker", "milestone": "one", "featureId": "a", "agent": "builder", "credential": "KEY"}
    story = Story().begun().tell(Kind.AGENT_PARKED, **parked, kind="exhausted", reason="used up", until=1_700_000_000)
    told = "builder is parked until 2023-11-14 22:13:20 UTC: used up"
    assert status_of(story, "a") == ("parked", told)
    assert status_of(story.started("a"), "a") == ("running", "")
