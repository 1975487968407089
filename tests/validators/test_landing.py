"""A proved result lands as it is, or merged with what is on the branch by now and proved again; else nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.events import Event, Kind
from ledger.fold import build_report
from tests.accepted import NewMission, opened
from tests.conftest import Data
from validators.landing import Landed, Landing, Refused
from validators.suite import Suite
from workspaces import git
from workspaces.findings import blocking_findings, open_findings
from workspaces.mission import Mission

Owner = Callable[..., str]
Commit = Callable[..., str]
MANUAL = {"kind": "manual", "ask": "Is it well?"}


@dataclass
class Stage:
    """A mission whose one milestone came to `result`, proved, and what its check left: the commits it ran on."""

    mission: Mission
    result: str
    ran: Path

    @property
    def repo(self) -> Path:
        return self.mission.root

    def land(self, *accepting: str) -> Landed | Refused:
        return Landing(self.mission, "one", self.result, accepting=accepting, by="somebody").land()

    def landed(self, *accepting: str) -> Landed:
        outcome = self.land(*accepting)
        assert isinstance(outcome, Landed), outcome
        return outcome

    def refused(self, *accepting: str) -> str:
        """Why; and nothing moved."""
        before = self.main()
        outcome = self.land(*accepting)
        assert isinstance(outcome, Refused)
        assert self.main() == before
        assert not self.events(Kind.RESULT_LANDED)
        return outcome.reason

    def main(self) -> str | None:
        return git.resolve_branch(self.repo, "main")

    def checked(self) -> list[str]:
        return self.ran.read_text().split()

    def events(self, kind: Kind) -> list[Event]:
        return [event for event in self.mission.ledger.events if event.kind is kind]

    def archived(self) -> list[str]:
        return list(git.refs(self.repo, f"refs/missions/{self.mission.run}/landed").values())

    def killed_before_its_last_line(self) -> Stage:
        lines = self.mission.ledger.path.read_bytes().splitlines(keepends=True)
        self.mission.ledger.path.write_bytes(b"".join(lines[:-1]))
        return Stage(opened(self.mission.folder, self.mission.settings), self.result, self.ran)


NewStage = Callable[..., Stage]


@pytest.fixture
def stage(new_mission: NewMission, repo: Path, commit: Commit, tmp_path: Path) -> NewStage:
    """`stage(line, *checks)`: the first check is this line."""

    def make(line: str = "true", *checks: Data, script: Data | None = None) -> Stage:
        ran, noted = tmp_path / "ran", "case $MISSION_EVIDENCE in */base) ;; *) git rev-parse HEAD; esac"
        first = {"kind": "command", "run": f"{noted} >> {ran}; {line}"}
        feature = {"id": "a", "spec": "Do a."}
        milestone = {"name": "one", "features": [feature], "validate": [first, *checks]}
        mission = new_mission({"validators": [], "milestones": [milestone], "reruns": 0}, script)
        result = commit(repo, {"a.txt": "one\nwork\n", "work": "done\n"}, on=git.head(repo))
        mission.ledger.append(Kind.MILESTONE_STARTED, milestone="one", base=mission.repository.base)
        work = {"workerSessionId": "a.1", "role": "worker", "featureId": "a", "base": mission.repository.base}
        mission.ledger.append(Kind.WORKER_STARTED, **work)
        done = {"commitId": result, "seconds": 1, "usage": None, "summary": ""}
        mission.ledger.append(Kind.WORKER_COMPLETED, **work, **done)
        Suite(mission, mission.plan.milestones[0], mission.repository.base, result, 1, {"a": result}).run()
        return Stage(mission, result, ran)

    return make


def test_a_proved_result_lands_as_it_is(stage: NewStage) -> None:
    one = stage()
    base = one.main()
    outcome = one.landed()
    assert (outcome.commit, outcome.onto, outcome.merged, outcome.moved) == (one.result, base, False, True)
    assert (one.main(), one.archived()) == (one.result, [one.result])
    assert (one.repo / "work").read_text() == "done\n"
    assert one.checked() == [one.result]
    facts = {"milestone": "one", "branch": "main", "commit": one.result, "onto": base, "merged": False}
    assert [event.data for event in one.events(Kind.RESULT_LANDED)] == [facts]


def test_a_proof_in_another_environment_does_not_count(stage: NewStage, monkeypatch: pytest.MonkeyPatch) -> None:
    one = stage("test $TZ = here")
    assert "validate-1 failed" in one.refused()
    monkeypatch.setenv("TZ", "here")
    assert one.landed().commit == one.result
    assert one.checked() == [one.result] * 3


def test_a_branch_that_moved_gets_a_merge_that_was_proved(stage: NewStage, commit: Commit) -> None:
    one = stage("test -e work")
    theirs = commit(one.repo, {"theirs": "new\n"})
    outcome = one.landed()
    assert (outcome.onto, outcome.merged) == (theirs, True)
    assert git.parents_of(one.repo, outcome.commit) == [theirs, one.result]
    assert one.checked() == [one.result, outcome.commit]
    assert (one.main(), one.archived()) == (outcome.commit, [outcome.commit])
    assert {path.name for path in one.repo.iterdir()} >= {"work", "theirs"}


def test_the_proof_of_a_merge_is_told_apart_from_the_milestone_s(stage: NewStage, commit: Commit) -> None:
    one = stage()
    before = build_report(one.mission.run, one.mission.plan, one.mission.ledger.events).milestones
    commit(one.repo, {"theirs": "new\n"})
    outcome = one.landed()
    report = build_report(one.mission.run, one.mission.plan, one.mission.ledger.events)
    assert report.milestones == before
    assert report.landing
    assert (report.landing.branch, report.landing.commit) == ("main", outcome.commit)
    [verdict] = report.landing.verdicts
    assert (verdict.status, verdict.commit) == ("passed", outcome.commit)
    assert all((one.mission.folder.path / path).exists() for path in verdict.evidence)


def test_a_merge_that_breaks_a_check_does_not_land(stage: NewStage, commit: Commit) -> None:
    one = stage("echo both are there; test ! -e theirs || test ! -e work")
    commit(one.repo, {"theirs": "new\n"})
    reason = one.refused()
    assert reason.startswith("the merge with what is on main, ")
    assert reason.endswith(" is not proved: validate-1 failed: exit code 1: both are there")
    assert one.refused() == reason  # the same merge, not one more
    assert one.archived() == []
    commit(one.repo, {"theirs": None})
    assert one.landed().merged


def test_a_conflict_is_refused_by_name(stage: NewStage, commit: Commit) -> None:
    one = stage()
    commit(one.repo, {"a.txt": "one\ntheirs\n"})
    assert f"conflicts with it in a.txt; merge {one.mission.branch} by hand" in one.refused()
    assert one.checked() == [one.result]


def test_a_dirty_checkout_is_refused_before_anything_runs(stage: NewStage, commit: Commit, owner: Owner) -> None:
    one = stage()
    commit(one.repo, {"theirs": "new\n"})
    (one.repo / "b/c.txt").write_text("being edited\n")
    assert one.refused() == f"{one.repo} has uncommitted changes: b/c.txt"
    assert one.checked() == [one.result]
    owner(one.repo, "checkout", "-q", "b/c.txt")
    assert one.landed().merged


def test_a_merge_that_cannot_be_checked_out_lands_later_without_a_second_proof(stage: NewStage, commit: Commit) -> None:
    one = stage()
    commit(one.repo, {"theirs": "new\n"})
    (one.repo / "work").write_text("the user's own\n")
    assert "cannot be updated" in one.refused()
    assert (one.repo / "work").read_text() == "the user's own\n"
    (one.repo / "work").unlink()
    assert one.checked() == [one.result, one.landed().commit]


@pytest.mark.parametrize("moved", [False, True])
def test_landed_twice_is_landed_once(stage: NewStage, commit: Commit, moved: bool) -> None:
    one = stage()
    if moved:
        commit(one.repo, {"theirs": "new\n"})
    first = one.landed()
    commit(one.repo, {"later": "new\n"})
    second = one.landed()
    assert (second.commit, second.merged, second.moved) == (first.commit, moved, False)
    assert len(one.events(Kind.RESULT_LANDED)) == 1


@pytest.mark.parametrize("moved", [False, True])
def test_a_landing_that_was_killed_before_it_was_written_down_is_written_down(
    stage: NewStage, commit: Commit, moved: bool
) -> None:
    one = stage()
    if moved:
        commit(one.repo, {"theirs": "new\n"})
    first = one.landed()
    again = one.killed_before_its_last_line()
    second = again.landed()
    assert (second.commit, second.merged, second.moved) == (first.commit, moved, False)
    [event] = again.events(Kind.RESULT_LANDED)
    assert (event.data["commit"], event.data["merged"]) == (first.commit, moved)
    assert again.main() == first.commit


def test_what_the_owner_merged_by_hand_is_not_ours(stage: NewStage, owner: Owner) -> None:
    one = stage()
    owner(one.repo, "merge", "-q", "--no-ff", "-m", "By hand", one.result)
    assert not one.landed().moved
    assert not one.events(Kind.RESULT_LANDED)


def test_a_person_s_answer_is_about_the_result_and_not_about_its_merge(stage: NewStage, commit: Commit) -> None:
    one = stage("true", MANUAL)
    assert one.refused().startswith(f"validate-2: a person has not answered this for {one.result[:10]};")
    commit(one.repo, {"theirs": "new\n"})
    assert ", which merges the result with what is on main; look at it and accept it by name" in one.refused()
    assert one.checked() == [one.result]
    outcome = one.landed("validate-2")
    assert [(v.id, v.reason) for v in outcome.verdicts][1:] == [("validate-2", "somebody vouches for it")]
    assert {v.commit for v in outcome.verdicts} == {outcome.commit}


def test_reviewers_read_the_merge_too_and_what_they_find_is_about_it_alone(stage: NewStage, commit: Commit) -> None:
    issue = {"severity": "blocking", "description": "It does not fit theirs."}
    answers: list[Data] = [
        {"status": "pass", "summary": "Fine."},
        {"status": "fail", "summary": "No.", "issues": [issue]},
    ]
    script: Data = {"scrutiny": {"a": [[{"answer": {"issues": [], **answer}}] for answer in answers]}}
    one = stage("true", {"kind": "review"}, script=script)
    commit(one.repo, {"theirs": "new\n"})
    assert one.refused().endswith("validate-2 failed: blocking issues in a: It does not fit theirs.")
    assert blocking_findings(one.mission, "one") == []
    assert [finding.commit for finding in open_findings(one.mission)] == [one.checked()[-1]]
    assert one.landed("validate-2").merged


def test_nobody_can_vouch_for_what_the_engine_checks(stage: NewStage, commit: Commit) -> None:
    one = stage("test ! -e theirs")
    commit(one.repo, {"theirs": "new\n"})
    assert "validate-1 failed" in one.refused("validate-1")


def test_the_owner_s_newer_version_of_a_check_s_own_file_judges(stage: NewStage, repo: Path, commit: Commit) -> None:
    accept: Data = {"kind": "command", "run": "sh b/accept.sh", "uses": ["b/**"]}
    commit(repo, {"b/accept.sh": "exit 0\n"})
    one = stage("true", accept)
    commit(one.repo, {"b/accept.sh": "sh b/more.sh\n", "b/more.sh": "test -e more\n"})
    assert "validate-2 failed" in one.refused()
    commit(one.repo, {"b/more.sh": "test -e work\n"})
    assert one.landed().merged


@pytest.mark.parametrize(("words", "told"), [(["reset", "-q", "--hard", "other"], "it was rewritten"), ([], "is gone")])
def test_a_branch_that_was_rewritten_or_deleted_is_refused(
    stage: NewStage, commit: Commit, owner: Owner, words: list[str], told: str
) -> None:
    one = stage()
    owner(one.repo, "branch", "other", owner(one.repo, "commit-tree", "main^{tree}", "-m", "Another start"))
    if words:
        owner(one.repo, *words)
    else:
        owner(one.repo, "checkout", "-q", "other")
        owner(one.repo, "branch", "-q", "-D", "main")
    assert told in one.refused()


def test_a_stopped_landing_moves_nothing(stage: NewStage, commit: Commit) -> None:
    one = stage()
    commit(one.repo, {"theirs": "new\n"})
    one.mission.stop.set()
    assert one.refused() == "it was interrupted"
