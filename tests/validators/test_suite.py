from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.events import Event, Kind
from tests.accepted import NewMission
from tests.conftest import Data, Missions
from validators.base import Verdict, VerdictStatus
from validators.suite import Suite
from workspaces import git
from workspaces.mission import Mission

Commit = Callable[..., str]


def checked(*lines: str, **more: object) -> Data:
    """A blueprint whose one milestone has a check for each line."""
    checks = [{"kind": "command", "run": line} for line in lines]
    milestone = {"name": "one", "features": [{"id": "a", "spec": "Do a."}], "validate": checks}
    return {"validators": [], "milestones": [milestone], "reruns": 0, **more}


def judged(mission: Mission, commit: str | None = None, number: int = 1) -> list[Verdict]:
    milestone, base = mission.plan.milestones[0], mission.repository.base
    return Suite(mission, milestone, base, commit or base, number, {}).run()


def recorded(mission: Mission) -> list[Event]:
    return [event for event in mission.ledger.events if event.kind is Kind.VERDICT_RECORDED]


def test_each_check_gives_a_verdict_in_the_plan_s_order(new_mission: NewMission) -> None:
    verdicts = judged(new_mission(checked("sleep 0.2; test -f a.txt", "test -f missing", "no-such-program")))
    assert [v.id for v in verdicts] == ["validate-1", "validate-2", "validate-3"]
    assert [v.status for v in verdicts] == ["passed", "failed", "inconclusive"]


def test_a_verdict_belongs_to_a_commit_and_a_plan(new_mission: NewMission) -> None:
    mission = new_mission(checked("test -f a.txt"))
    [verdict] = judged(mission)
    assert (verdict.commit, verdict.contract) == (mission.repository.base, mission.plan.digest)
    assert (verdict.command, verdict.exit_code, verdict.kind) == ("test -f a.txt", 0, "command")
    assert verdict.seconds > 0


def test_verdicts_are_in_the_ledger_with_their_round(new_mission: NewMission) -> None:
    mission = new_mission(checked("test -f a.txt"))
    judged(mission, number=2)
    triggered, event = mission.ledger.events[-2:]
    assert (triggered.kind, triggered.data["round"]) == (Kind.MILESTONE_VALIDATION_TRIGGERED, 2)
    assert (event.data["milestone"], event.data["round"], event.data["status"]) == ("one", 2, "passed")
    assert event.data["exitCode"] == 0


def test_an_assertion_is_judged_under_its_name(new_mission: NewMission) -> None:
    check = {"kind": "command", "run": "grep -q one a.txt"}
    blueprint = checked(contract={"VAL-A-001": {"says": "There is a one.", "check": check}})
    blueprint["milestones"][0]["features"][0]["fulfills"] = ["VAL-A-001"]
    [verdict] = judged(new_mission(blueprint))
    assert (verdict.id, verdict.says, verdict.status) == ("VAL-A-001", "There is a one.", "passed")


def test_checks_with_one_command_are_judged_under_their_own_names(new_mission: NewMission) -> None:
    check = {"kind": "command", "run": "grep -q one a.txt"}
    contract = {f"VAL-A-00{n}": {"says": f"Sentence {n}.", "check": check} for n in (1, 2)}
    blueprint = checked("grep -q one a.txt", contract=contract, maxConcurrency=1)
    blueprint["milestones"][0]["features"][0]["fulfills"] = list(contract)
    verdicts = judged(new_mission(blueprint))
    assert [v.id for v in verdicts] == ["validate-1", "VAL-A-001", "VAL-A-002"]
    assert [v.says for v in verdicts] == ["grep -q one a.txt", "Sentence 1.", "Sentence 2."]


def test_a_check_sees_exactly_the_commit(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    tip = commit(repo, {"a.txt": "two\n", "new.txt": "new\n"}, on=git.head(repo))
    mission = new_mission(checked("grep -q two a.txt && test -f new.txt && git diff --quiet HEAD"))
    assert judged(mission, tip)[0].passed
    assert not judged(mission)[0].passed


def test_what_the_user_has_not_committed_is_not_there(new_mission: NewMission, repo: Path, commit: Commit) -> None:
    commit(repo, {".gitignore": "cache/\n"})
    mission = new_mission(checked('test -z "$(ls -d cache untracked 2>/dev/null)" && grep -q one a.txt'))
    (repo / "cache").mkdir()
    (repo / "cache" / "x").touch()
    (repo / "untracked").touch()
    (repo / "a.txt").write_text("changed\n")
    assert judged(mission)[0].passed


def test_what_a_check_leaves_behind_no_other_check_sees(new_mission: NewMission) -> None:
    dirty = "test ! -e junk && grep -q one a.txt && touch junk && echo two > a.txt"
    verdicts = judged(new_mission(checked(dirty, f"{dirty} && true", f"{dirty} || false", maxConcurrency=1)))
    assert [v.status for v in verdicts] == ["passed"] * 3


def test_a_check_leaves_nothing_in_the_repository(
    new_mission: NewMission, repo: Path, owner: Callable[..., str]
) -> None:
    def seen() -> list[str]:
        return [owner(repo, *words.split()) for words in ("show-ref", "status --porcelain", "worktree list")]

    before = seen()
    mission = new_mission(checked("touch junk; echo two > a.txt; git commit -qam two; test -e junk"))
    assert judged(mission)[0].passed
    assert seen() == before
    assert not any(mission.folder.worktrees.glob("*"))


def test_the_setup_is_done_before_each_check(new_mission: NewMission) -> None:
    verdicts = judged(new_mission(checked("test -f ready", "rm ready", setup=["touch ready"])))
    assert [v.status for v in verdicts] == ["passed", "passed"]


def test_a_setup_that_fails_is_inconclusive(new_mission: NewMission) -> None:
    [verdict] = judged(new_mission(checked("test -f a.txt", setup=["echo no network; exit 3"])))
    assert verdict.status == "inconclusive"
    assert verdict.reason == "setup `echo no network; exit 3` did not work (exit code 3): no network"


def test_the_evidence_is_in_the_run_folder(new_mission: NewMission) -> None:
    mission = new_mission(checked("cat a.txt", setup=["echo prepared"]))
    [verdict] = judged(mission)
    texts = {Path(path).name: (mission.folder.path / path).read_text() for path in verdict.evidence}
    assert texts == {"output.log": "one\n", "setup.log": "prepared\n"}


def test_each_round_has_its_own_evidence(new_mission: NewMission) -> None:
    mission = new_mission(checked("date +%N; false"))
    first, second = judged(mission, number=1)[0], judged(mission, number=2)[0]
    assert set(first.evidence).isdisjoint(second.evidence)
    assert all((mission.folder.path / path).exists() for path in first.evidence + second.evidence)


def test_a_pass_is_not_looked_for_again(new_mission: NewMission, tmp_path: Path) -> None:
    mission = new_mission(checked(f"echo x >> {tmp_path}/runs"))
    first, second = judged(mission)[0], judged(mission, number=2)[0]
    assert (tmp_path / "runs").read_text() == "x\n"
    assert second == first
    assert len(recorded(mission)) == 2


@pytest.mark.parametrize("ending", ["exit 1", "exit 127"])
def test_what_did_not_pass_is_looked_at_again(new_mission: NewMission, tmp_path: Path, ending: str) -> None:
    count = f"case $MISSION_EVIDENCE in */round-*) echo x >> {tmp_path}/runs; esac"  # not on the base
    mission = new_mission(checked(f"{count}; {ending}"))
    judged(mission)
    judged(mission, number=2)
    assert (tmp_path / "runs").read_text() == "x\nx\n"


def test_a_pass_on_another_commit_does_not_count(
    new_mission: NewMission, repo: Path, commit: Commit, tmp_path: Path
) -> None:
    tip = commit(repo, {"a.txt": "two\n"}, on=git.head(repo))
    mission = new_mission(checked(f"echo x >> {tmp_path}/runs"))
    judged(mission)
    judged(mission, tip)
    assert (tmp_path / "runs").read_text() == "x\nx\n"


def test_checks_run_at_the_same_time(new_mission: NewMission, tmp_path: Path) -> None:
    wait = "touch {0}; until test -e {1}; do sleep 0.01; done"
    here, there = tmp_path / "here", tmp_path / "there"
    blueprint = checked(wait.format(here, there), wait.format(there, here), maxConcurrency=2)
    assert [v.status for v in judged(new_mission(blueprint))] == ["passed", "passed"]


def test_no_more_checks_run_at_once_than_allowed(new_mission: NewMission, tmp_path: Path) -> None:
    alone = f"mkdir {tmp_path}/busy && sleep 0.05 && rmdir {tmp_path}/busy && echo "
    verdicts = judged(new_mission(checked(*(f"{alone}{n}" for n in range(4)), maxConcurrency=1)))
    assert all(verdict.passed for verdict in verdicts)


def test_a_check_of_a_stopped_mission_is_not_recorded(new_mission: NewMission) -> None:
    mission = new_mission(checked("sleep 1000"))
    mission.stop.set()
    [verdict] = judged(mission)
    assert verdict.status is VerdictStatus.INCONCLUSIVE
    assert recorded(mission) == []


def test_checks_in_a_repository_with_hooks_run_none_of_them(
    new_mission: NewMission, missions: Missions, tmp_path: Path
) -> None:
    hook = missions.repo / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    assert judged(new_mission(checked("test -f a.txt")))[0].passed
    assert not (tmp_path / "ran").exists()


def test_a_file_name_that_is_no_text_is_told_all_the_same(new_mission: NewMission) -> None:
    [verdict] = judged(new_mission(checked("touch $MISSION_EVIDENCE/caf$'\\xe9'.txt")))
    assert verdict.passed
    assert "caf\ufffd.txt" in verdict.model_dump_json()


def test_a_check_that_removes_its_evidence_is_inconclusive_or_failed(new_mission: NewMission) -> None:
    junit = {"kind": "junit", "junit": "r.xml", "run": "echo '<testsuite><testcase name=\"a\"/></testsuite>' > r.xml"}
    check = junit | {"run": junit["run"] + "; rm -r $MISSION_EVIDENCE"}
    blueprint = checked() | {"validators": [check]}
    assert judged(new_mission(blueprint))[0].status == "inconclusive"


def test_what_a_service_does_to_the_check_s_own_files_does_not_count(
    new_mission: NewMission, repo: Path, commit: Commit
) -> None:
    tip = commit(repo, {"accept.sh": "exit 1\n"})
    start = "echo exit 0 > accept.sh; python3 -m http.server $PORT --bind 127.0.0.1"
    check = {"kind": "command", "run": "sh accept.sh", "uses": ["accept.sh"], "services": ["app"]}
    blueprint = checked() | {"validators": [check], "services": {"app": {"start": start}}}
    assert judged(new_mission(blueprint), tip)[0].status == "failed"
