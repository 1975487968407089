"""An assignment carried out by the scripted agent: attempts, proof, and what is kept of them."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.base import Assignment
from agents.judges import new_commit
from agents.outcome import Outcome
from agents.work import Job, carry_out
from blueprints.schema import Role
from ledger.events import Kind, read_events
from ledger.lease import FencedError
from tests.accepted import NewMission, one_milestone
from tests.conftest import Missions
from workspaces import git
from workspaces.mission import Mission
from workspaces.worktree import Workspace

WRITE = [{"write": {"path": "new", "text": "x\n"}}]


def job(mission: Mission, **changes: Any) -> Job:
    """Feature `a` of the mission, as its task asks for it."""
    feature, base = mission.plan.feature("a"), mission.repository.base
    given = Assignment(
        run=mission.run,
        mission="demo",
        goal="Try it.",
        milestone="one",
        role=Role.WORKER,
        feature="a",
        attempt=0,
        base=base,
        title="Title",
        spec=feature.spec,
        assertions={},
        touches=[],
        skill=None,
        failures=[],
    )
    values: dict[str, Any] = {
        "agent": feature.agent,
        "timeout": 60,
        "retries": 0,
        "key": "key-a",
        "judge": new_commit(base, "Title"),
    }
    return Job(assignment=given, **values | changes)


def play(*attempts: object) -> dict[str, Any]:
    return {"worker": {"a": list(attempts)}}


def kinds(mission: Mission) -> list[Kind]:
    return [event.kind for event in read_events(mission.folder.ledger)][1:]


def reason(outcome: Outcome) -> str:
    assert not outcome.done
    assert outcome.commit is None
    return outcome.reason


def test_work_that_git_shows_is_done(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    outcome = carry_out(mission, job(mission))
    assert (outcome.name, outcome.status) == ("a", "done")
    assert git.changed_paths(mission.root, mission.repository.base, str(outcome.commit)) == ["new"]


def test_the_ledger_tells_start_and_end(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    outcome = carry_out(mission, job(mission))
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_COMPLETED]
    begun, ended = mission.ledger.events[-2:]
    assert (begun.data["workerSessionId"], begun.data["base"]) == ("a.1", mission.repository.base)
    assert (ended.data["commitId"], ended.data["key"], ended.data["exitCode"]) == (outcome.commit, "key-a", 0)
    assert ended.data["usage"] is None


def test_work_that_is_recorded_is_not_done_again(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    first = carry_out(mission, job(mission))
    second = carry_out(mission, job(mission))
    assert second.commit == first.commit
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_COMPLETED]


def test_work_under_another_key_is_done(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    carry_out(mission, job(mission))
    carry_out(mission, job(mission, key="changed"))
    assert kinds(mission).count(Kind.WORKER_COMPLETED) == 2


def test_the_commit_is_kept_though_branch_and_worktree_go(new_mission: NewMission, owner: Callable[..., str]) -> None:
    mission = new_mission(script=play(WRITE))
    outcome = carry_out(mission, job(mission))
    assert git.refs(mission.root, "refs/missions") == {f"refs/missions/{mission.run}/a.1": outcome.commit}
    assert git.refs(mission.root, "refs/heads") == {"refs/heads/main": mission.repository.base}
    assert not any(mission.folder.worktrees.glob("*"))
    assert len(owner(mission.root, "worktree", "list").splitlines()) == 1


def test_a_failed_attempt_is_followed_by_another_in_a_fresh_workspace(new_mission: NewMission) -> None:
    fresh = {"run": "test ! -e junk"}
    first = [{"write": {"path": "junk", "text": "x"}}, {"fail": "Out of ideas"}]
    mission = new_mission(script=play(first, [fresh, *WRITE]))
    outcome = carry_out(mission, job(mission, retries=1))
    assert outcome.done
    assert kinds(mission)[:2] == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]
    assert git.changed_paths(mission.root, mission.repository.base, str(outcome.commit)) == ["new"]


def test_the_next_attempt_is_told_what_was_wrong(new_mission: NewMission) -> None:
    mission = new_mission(script=play([{"fail": "Out of ideas"}], WRITE))
    carry_out(mission, job(mission, retries=1))
    told = mission.folder.prompt("a.2").read_text()
    assert "Attempt 1 failed: the agent ended with exit code 1: fail: failed in step 1: Out of ideas" in told
    assert "wrong before" not in mission.folder.prompt("a.1").read_text()


def test_attempts_end_when_the_retries_are_used_up(new_mission: NewMission) -> None:
    mission = new_mission(script=play([{"fail": "Never"}]))
    assert "Never" in reason(carry_out(mission, job(mission, retries=2)))
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED] * 3


def test_attempts_are_numbered_through_all_lives(new_mission: NewMission) -> None:
    mission = new_mission(script=play([{"fail": "Never"}]))
    for _ in range(2):
        carry_out(mission, job(mission))
    sessions = [e.data["workerSessionId"] for e in mission.ledger.events if e.kind is Kind.WORKER_STARTED]
    assert sessions == ["a.1", "a.2"]


def test_what_a_failed_attempt_left_is_archived(new_mission: NewMission) -> None:
    mission = new_mission(
        script=play([*WRITE, {"commit": "Half"}, {"write": {"path": "more", "text": ""}}, {"fail": "x"}])
    )
    carry_out(mission, job(mission))
    [archived] = git.refs(mission.root, "refs/missions").values()
    assert git.changed_paths(mission.root, mission.repository.base, archived) == ["more", "new"]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"say": "All done!"}], "no work"),
        ([*WRITE, {"fail": "Stuck"}], "exit code 1"),
        ([*WRITE, {"crash": True}], "exit code 137"),
        ([*WRITE, {"run": "git checkout -q --detach"}], "left its branch"),
        ([*WRITE, {"run": 'echo Done > "$MISSION_HANDOFF"'}], "malformed handoff"),
        ([*WRITE, {"run": "rm .git"}], "no longer"),
        ([*WRITE, {"run": "rm .git && git init -q && git add -A && git commit -q -m x"}], "no longer"),
        ([{"run": "rm -rf ../tree"}], "no longer"),
    ],
    ids=["nothing", "fail", "crash", "detached", "handoff", "no git", "git of its own", "no workspace"],
)
def test_a_success_that_git_does_not_show_is_a_failure(
    new_mission: NewMission, owner: Callable[..., str], steps: Any, why: str
) -> None:
    mission = new_mission(script=play(steps))
    assert why in reason(carry_out(mission, job(mission)))
    assert git.refs(mission.root, "refs/heads") == {"refs/heads/main": mission.repository.base}
    assert not any(mission.folder.worktrees.glob("*"))
    assert len(owner(mission.root, "worktree", "list").splitlines()) == 1


def test_what_was_committed_is_archived_though_the_workspace_is_gone(new_mission: NewMission) -> None:
    mission = new_mission(script=play([*WRITE, {"commit": "Work"}, {"run": "rm -rf ../tree"}]))
    carry_out(mission, job(mission))
    [archived] = git.refs(mission.root, "refs/missions").values()
    assert git.changed_paths(mission.root, mission.repository.base, archived) == ["new"]


def test_a_repository_around_the_mission_home_is_not_the_workspace_s(
    new_mission: NewMission, missions: Missions, owner: Callable[..., str]
) -> None:
    owner(missions.home, "init", "-q")
    mission = new_mission(script=play([*WRITE, {"run": "rm .git"}]))
    carry_out(mission, job(mission))
    assert git.status(missions.home).head is None
    assert "A " not in owner(missions.home, "status", "--porcelain")


def test_work_beyond_its_time_limit_is_a_failure(new_mission: NewMission) -> None:
    mission = new_mission(script=play([*WRITE, {"hang": True}]))
    assert "time limit" in reason(carry_out(mission, job(mission, timeout=1)))


def test_a_setup_that_fails_is_a_failure_of_the_attempt(new_mission: NewMission) -> None:
    mission = new_mission(one_milestone() | {"setup": ["exit 3"]}, play(WRITE))
    assert reason(carry_out(mission, job(mission))) == "setup `exit 3` did not work (exit code 3): "
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]


def test_what_the_setup_leaves_is_nobody_s_work(new_mission: NewMission) -> None:
    blueprint = one_milestone() | {"setup": ["echo built > built"]}
    mission = new_mission(blueprint, play([{"say": "Done!"}], WRITE))
    outcome = carry_out(mission, job(mission, retries=1))
    assert git.changed_paths(mission.root, mission.repository.base, str(outcome.commit)) == ["new"]
    assert "no work" in mission.folder.prompt("a.2").read_text()


def test_an_agent_that_touches_the_user_s_checkout_is_quarantined_and_not_tried_again(new_mission: NewMission) -> None:
    mission = new_mission()
    (Path(mission.plan.folder) / "script.yaml").write_text(
        json.dumps(play([*WRITE, {"run": f"echo harm >> {mission.root}/a.txt"}]))
    )
    outcome = carry_out(mission, job(mission, retries=3))
    assert outcome.status == "quarantined"
    assert "the user's checkout changed" in outcome.reason
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]


def test_a_stopped_mission_starts_no_agent(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    mission.stop.set()
    assert carry_out(mission, job(mission)).status == "stopped"
    assert kinds(mission) == []


def test_a_draining_mission_starts_no_agent(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))
    mission.drain.set()
    assert carry_out(mission, job(mission)).status == "stopped"


def test_an_agent_at_work_when_the_mission_stops_is_paused(new_mission: NewMission) -> None:
    mission = new_mission(script=play([*WRITE, {"hang": True}]))
    mission.ledger.listen(lambda event: mission.stop.set() if event.kind is Kind.WORKER_STARTED else None)
    outcome = carry_out(mission, job(mission, retries=3))
    assert (outcome.status, outcome.reason) == ("stopped", "the mission was stopped")
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_PAUSED]


def test_a_full_disk_stops_the_mission_and_is_nobody_s_failure(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))

    def judge(workspace: Workspace, _: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(workspace.path / "new"))

    outcome = carry_out(mission, job(mission, judge=judge))
    assert outcome.status == "stopped"
    assert outcome.reason == f"MISSION_HOME {mission.settings.home}: no space left on device; make room"
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_PAUSED]
    assert mission.stop.is_set()


def test_work_for_a_run_that_was_taken_over_changes_nothing_any_more(new_mission: NewMission) -> None:
    mission = new_mission(script=play(WRITE))

    def permit() -> None:
        raise FencedError("taken over")

    def judge(_: Workspace, __: object) -> str:
        mission.ledger.guard(permit, mission.stop.set)
        return mission.repository.base

    with pytest.raises(FencedError):
        carry_out(mission, job(mission, judge=judge))
    assert kinds(mission) == [Kind.WORKER_STARTED]
    assert git.refs(mission.root, "refs/missions") == {}
    assert (mission.folder.worktrees / "a.1" / "tree" / "new").exists()


def test_the_handoff_is_kept_with_the_engine_s_facts(new_mission: NewMission) -> None:
    said = {"salientSummary": "It is there.", "commitId": "mine", "successState": "triumph"}
    mission = new_mission(script=play([*WRITE, {"handoff": said}]))
    outcome = carry_out(mission, job(mission))
    kept = json.loads(mission.folder.handoff("a.1").read_text())
    assert kept["salientSummary"] == "It is there."
    assert (kept["commitId"], kept["successState"]) == (outcome.commit, "success")
    assert (kept["base"], kept["attempt"], kept["session"]) == (mission.repository.base, 1, "a.1")
    assert kept["usage"] is None


def test_findings_and_what_was_left_undone_are_recorded(new_mission: NewMission) -> None:
    issue = {"severity": "suggestion", "description": "Odd.", "suggestedFix": "Mend it."}
    said = {"salientSummary": "Done.", "whatWasLeftUndone": "The rest.", "discoveredIssues": [issue]}
    mission = new_mission(script=play([*WRITE, {"handoff": said}]))
    carry_out(mission, job(mission))
    found = [e.data for e in mission.ledger.events if e.kind is Kind.FINDING_RECORDED]
    assert [(f["id"], f["description"], f["source"]) for f in found] == [
        ("F-1", "Odd.", "a.1"),
        ("F-2", "Left undone: The rest.", "a.1"),
    ]


def test_a_handoff_that_json_cannot_hold_does_not_stop_the_engine(new_mission: NewMission) -> None:
    text = '{"salientSummary": "x", "tests": {"added": [NaN, "\\\\ud800"]}}'
    mission = new_mission(script=play([*WRITE, {"run": f"printf '{text}' > \"$MISSION_HANDOFF\""}]))
    assert carry_out(mission, job(mission)).done
    json.loads(mission.folder.handoff("a.1").read_text(), parse_constant=pytest.fail)


def test_what_an_agent_printed_is_in_its_transcript(new_mission: NewMission) -> None:
    mission = new_mission(script=play([{"say": "Thinking."}, *WRITE]))
    carry_out(mission, job(mission))
    assert "Thinking." in mission.folder.transcript("a.1").read_text()


def test_a_declared_secret_is_nowhere_in_the_run(new_mission: NewMission, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "value-of-the-token")
    player = {"kind": "scripted", "script": "script.yaml", "env": ["API_TOKEN"]}
    tell = 'printf \'{"salientSummary": "%s"}\' "$API_TOKEN" > "$MISSION_HANDOFF"; echo "$API_TOKEN"'
    mission = new_mission(one_milestone() | {"agents": {"player": player}}, play([*WRITE, {"run": tell}]))
    assert carry_out(mission, job(mission)).done
    files = [path for path in mission.folder.path.rglob("*") if path.is_file()]
    assert [path for path in files if b"value-of-the-token" in path.read_bytes()] == []
    assert "[API_TOKEN]" in mission.folder.handoff("a.1").read_text()


def test_a_mission_without_worktrees_works_in_one_checkout(new_mission: NewMission) -> None:
    blueprint = one_milestone() | {"useWorktrees": False, "maxConcurrency": 1}
    mission = new_mission(blueprint, play(WRITE))
    outcome = carry_out(mission, job(mission))
    assert outcome.done
    assert [path.name for path in mission.folder.worktrees.glob("*")] == ["shared"]
    assert git.refs(mission.root, "refs/heads") == {"refs/heads/main": mission.repository.base}
