"""`kind: review`, answered by the scripted agent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.base import AgentRun, Assignment
from agents.handoff import Handoff
from agents.record import Record
from blueprints.checks import ReviewCheck
from blueprints.schema import Role
from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Data
from validators.base import Bench, Observation
from validators.change import LIMIT
from validators.review import ReviewValidator
from workspaces.mission import Mission
from workspaces.process import Ended

Commit = Callable[..., str]
PASS: Data = {"status": "pass", "summary": "Fine.", "issues": []}
BLOCKING = {"severity": "blocking", "description": "The header\nis missing.", "file": "new.py", "line": 3}
SUGGESTION = {"severity": "suggestion", "description": "Use a loop."}


def features(*names: str, **more: object) -> Data:
    """A blueprint with these features in its one milestone."""
    written = [{"id": name, "spec": f"Write {name}."} for name in names]
    return {"milestones": [{"name": "one", "features": written}], **more}


def script(**answers: object) -> Data:
    """What the reviewer of each feature answers."""
    return {"scrutiny": {name: [[{"answer": answer}]] for name, answer in answers.items()}}


@dataclass
class Table:
    """A review of a milestone's features at one commit."""

    mission: Mission
    folder: Path
    commits: dict[str, str]
    commit: str
    issues: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def look(self, **check: Any) -> Observation:
        milestone, base = self.mission.plan.milestones[0], self.mission.repository.base
        asked = ReviewCheck.model_validate({"kind": "review"} | check)
        validator = ReviewValidator(asked, self.mission, milestone, "validate-1", self.commits, base, self.issues)
        bench = Bench(self.folder, self.folder / "evidence", self.mission.stop, self.commit, base)
        return validator.look(bench)

    def told(self, feature: str, number: int = 1) -> str:
        return self.mission.folder.prompt(f"scrutiny.{feature}.{number}").read_text()


@pytest.fixture
def table(new_mission: NewMission, repo: Path, commit: Commit, tmp_path: Path) -> Callable[..., Table]:
    """`table(blueprint, script)`: a single commit is every feature's, and the milestone's."""

    def make(blueprint: Data, played: Data, files: Data | None = None) -> Table:
        mission = new_mission(blueprint, played)
        tip = commit(repo, files or {"new.py": "one\n"}, on=mission.repository.base)
        names = [feature.id for feature in mission.plan.milestones[0].features]
        return Table(mission, tmp_path, dict.fromkeys(names, tip), tip)

    return make


NewTable = Callable[..., Table]


def test_features_without_issues_pass(table: NewTable) -> None:
    seen = table(features("a", "b"), script(a=PASS, b=PASS)).look()
    assert seen == Observation.passed("2 features reviewed")


def test_issues_that_do_not_block_pass_and_are_handed_on(table: NewTable) -> None:
    seen = table(features("a", "b"), script(a=PASS, b=PASS | {"issues": [SUGGESTION]})).look()
    assert (seen.status, seen.reason) == ("passed", "2 features reviewed, 1 issue noted, none blocking")
    [issue] = seen.issues
    assert (issue.severity, issue.description, issue.about) == ("suggestion", "Use a loop.", "b")


def test_a_blocking_issue_fails_and_names_feature_and_place(table: NewTable) -> None:
    refusal = {"status": "fail", "summary": "No.", "issues": [BLOCKING, BLOCKING, SUGGESTION]}
    seen = table(features("a", "b"), script(a=PASS, b=refusal)).look()
    assert seen.status == "failed"
    assert seen.reason == "blocking issues in b: The header is missing. (new.py:3) and 1 more"
    assert [(i.about, i.file, i.line) for i in seen.issues][:1] == [("b", "new.py", 3)]
    assert len(seen.issues) == 3


@pytest.mark.parametrize("answer", [{}, "Fine.", {"status": "pass"}, PASS | {"issues": [BLOCKING]}])
def test_a_review_that_is_no_answer_is_inconclusive(table: NewTable, answer: object) -> None:
    seen = table(features("a", "b"), script(a=PASS, b=answer)).look()
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("review of b: ")


def test_a_missing_answer_outweighs_a_blocking_issue_which_is_still_handed_on(table: NewTable) -> None:
    refusal = {"status": "fail", "summary": "No.", "issues": [BLOCKING]}
    seen = table(features("a", "b"), script(a=refusal, b="")).look()
    assert seen.status == "inconclusive"
    assert [issue.about for issue in seen.issues] == ["a"]


def test_a_reviewer_that_cannot_be_started_is_inconclusive(table: NewTable) -> None:
    agents = {"ghost": {"kind": "command", "argv": ["no-such-program"], "retries": 0}}
    seen = table(features("a", agents=agents), {}).look()
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("review of a: the agent could not be started")


def test_a_feature_whose_commit_is_unknown_is_inconclusive_and_nobody_is_asked(table: NewTable) -> None:
    made = table(features("a", "b"), script(a=PASS, b=PASS))
    del made.commits["b"]
    assert made.look() == Observation.inconclusive("there is no commit to review of b")
    assert Kind.WORKER_STARTED not in [event.kind for event in made.mission.ledger.events]


def test_a_commit_that_is_not_there_is_inconclusive(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    made.commits["a"] = "f" * 40
    assert made.look().status == "inconclusive"


def test_a_review_of_a_stopped_mission_is_inconclusive(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    made.mission.stop.set()
    assert made.look() == Observation.inconclusive("review of a: the mission was stopped")


def test_each_answer_is_kept_as_evidence(table: NewTable) -> None:
    made = table(features("a", "b"), script(a=PASS, b=PASS | {"issues": [SUGGESTION]}))
    made.look()
    kept = {name: json.loads((made.folder / "evidence" / name / "answer.json").read_text()) for name in "ab"}
    assert kept == {"a": PASS, "b": PASS | {"issues": [SUGGESTION]}}


def test_reviewers_work_at_the_same_time(table: NewTable, tmp_path: Path) -> None:
    wait = "touch {0}; until test -e {1}; do sleep 0.01; done"
    here, there = tmp_path / "here", tmp_path / "there"
    played = {
        "a": [[{"run": wait.format(here, there)}, {"answer": PASS}]],
        "b": [[{"run": wait.format(there, here)}, {"answer": PASS}]],
    }
    assert table(features("a", "b", maxConcurrency=2), {"scrutiny": played}).look().status == "passed"


def test_no_more_reviewers_work_at_once_than_allowed(table: NewTable, tmp_path: Path) -> None:
    alone = [[{"run": f"mkdir {tmp_path}/busy && sleep 0.05 && rmdir {tmp_path}/busy"}, {"answer": PASS}]]
    played = {"scrutiny": dict.fromkeys("abc", alone)}
    assert table(features("a", "b", "c", maxConcurrency=1), played).look().status == "passed"


def test_nothing_a_reviewer_does_to_its_checkout_stays(table: NewTable, repo: Path, owner: Callable[..., str]) -> None:
    spoil = [{"run": "echo spoilt > a.txt; git commit -qam spoilt; echo more > new.py"}, {"answer": PASS}]
    made = table(features("a"), {"scrutiny": {"a": [spoil]}})
    before = owner(repo, "show-ref")
    assert made.look().status == "passed"
    assert owner(repo, "show-ref") == before
    assert not any(made.mission.folder.worktrees.glob("*"))
    assert len(owner(repo, "worktree", "list").splitlines()) == 1


def test_a_reviewer_has_the_milestone_s_commit_before_it(table: NewTable) -> None:
    made = table(features("a"), {})
    steps = [{"run": f'test "$(git rev-parse HEAD)" = {made.commit} && test -f new.py'}, {"answer": PASS}]
    (Path(made.mission.plan.folder) / "script.yaml").write_text(json.dumps({"scrutiny": {"a": [steps]}}))
    assert made.look().status == "passed"


def test_a_reviewer_is_told_what_to_review_and_where_to_look(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    made.look(focus="Mind the quotes.")
    for part in ("Write a.", "Mind the quotes.", "+++ b/new.py", "+one"):
        assert part in made.told("a")
    assert "As it is now" not in made.told("a")


def test_a_reviewer_is_told_what_earlier_rounds_found(table: NewTable) -> None:
    made = table(features("a", "b"), script(a=PASS, b=PASS))
    made.issues["a"] = ["The header is missing."]
    made.look()
    assert "- An earlier review found: The header is missing." in made.told("a")
    assert "earlier review" not in made.told("b")


def test_a_feature_that_changed_nothing_is_reviewed_as_such(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    made.commits["a"] = made.mission.repository.base
    made.look()
    assert "It changed nothing." in made.told("a")


def test_the_work_a_feature_builds_on_is_not_its_change(table: NewTable, commit: Commit, repo: Path) -> None:
    made = table(features("a", "b"), script(a=PASS, b=PASS))
    made.commits["b"] = made.commit = commit(repo, {"later.py": "two\n"}, on=made.commits["a"])
    _record_work(made, "b", base=made.commits["a"])
    made.look()
    assert "+++ b/later.py" in made.told("b")
    assert "new.py" not in made.told("b")


def test_a_change_after_the_feature_is_shown_with_it(table: NewTable, commit: Commit, repo: Path) -> None:
    made = table(features("a"), script(a=PASS))
    made.commit = commit(repo, {"new.py": "repaired\n", "other.py": "x\n"}, on=made.commits["a"])
    made.look()
    own, now = made.told("a").split("As it is now in the milestone")
    assert "+one" in own
    assert "+repaired" in now
    assert "other.py" not in now


def test_what_is_too_long_to_show_is_named(table: NewTable) -> None:
    files = {"big.txt": "x\n" * LIMIT, "new.py": "one\n"}
    made = table(features("a"), script(a=PASS), files)
    made.look()
    assert "+one" in made.told("a")
    assert "read them in the checkout: big.txt" in made.told("a")
    assert len(made.told("a")) < LIMIT


def test_names_and_contents_that_are_no_text_do_no_harm(table: NewTable) -> None:
    files = {'ü "x".txt': b"\xff\xfe one\n", "picture": b"\0\1"}
    made = table(features("a"), script(a=PASS), files)
    assert made.look().status == "passed"
    assert "\ufffd\ufffd one" in made.told("a")


def test_a_reviewer_is_told_what_the_worker_claims(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    ran = {"commandsRun": [{"command": "pytest -q", "exitCode": 0, "observation": "3 passed"}]}
    _record_work(made, "a", base=made.mission.repository.base, salientSummary="I wrote it.", verification=ran)
    made.look()
    claim = made.told("a").split("a claim, not evidence")[1]
    assert "I wrote it." in claim
    assert "- `pytest -q`: exit code 0 3 passed" in claim


def test_a_worker_that_said_nothing_claims_nothing(table: NewTable) -> None:
    made = table(features("a"), script(a=PASS))
    _record_work(made, "a", base=made.mission.repository.base)
    made.look()
    assert "a claim, not evidence" not in made.told("a")


def _record_work(made: Table, feature: str, *, base: str, **said: object) -> None:
    """As if a worker had made the feature's commit."""
    given = Assignment.of(made.mission, Role.WORKER, "one", base, feature, feature=feature, attempt=1)
    record = Record(made.mission, given, f"{feature}.1", "player")
    record.started()
    handoff = Handoff.model_validate(said) if said else None
    record.completed(AgentRun(Ended.EXITED, 0, 1.0, ""), made.commits[feature], handoff, f"key-{feature}")
