"""Checks tried out on commits: each tree once, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.plan import PlannedCheck
from ledger.events import Kind
from tests.accepted import NewMission, opened
from tests.conftest import Data
from validators.base import Observation, VerdictStatus
from validators.suite import Suite
from validators.trial import try_each, try_out
from validators.witness import witness
from workspaces import git
from workspaces.mission import Mission

Commit = Callable[..., str]


@pytest.fixture
def count(tmp_path: Path) -> Callable[[], int]:
    """How often a check with `LOOK` has run."""
    return lambda: len((tmp_path / "looks").read_text().splitlines()) if (tmp_path / "looks").exists() else 0


@pytest.fixture
def checking(new_mission: NewMission, tmp_path: Path) -> Callable[..., Mission]:
    """`checking(line)`: a mission whose milestone has this check, counted by `count`."""

    def make(line: str, **blueprint: object) -> Mission:
        run = f"echo >> {tmp_path}/looks; {line}"
        milestone = {
            "name": "one",
            "features": [{"id": "a", "spec": "Do a."}],
            "validate": [{"kind": "command", "run": run, "name": "counted"}],
        }
        return new_mission({"milestones": [milestone], "validators": []} | blueprint)

    return make


def the_check(mission: Mission) -> PlannedCheck:
    return mission.plan.milestones[0].checks[0]


def tried(mission: Mission, commit: str) -> Observation:
    planned = mission.plan.milestones[0]
    return try_out(mission, planned, commit, planned.checks)[the_check(mission).id]


def trials(mission: Mission) -> list[Data]:
    return [dict(event.data) for event in mission.ledger.events if event.kind is Kind.CHECK_TRIED]


def same_tree(repo: Path, commit: str) -> str:
    return git.commit_tree(repo, git.tree_of(repo, commit), [commit], "The same again")


@pytest.mark.parametrize(("line", "status"), [("test -f a.txt", "passed"), ("test -f no", "failed")])
def test_a_tree_is_tried_once_for_all_commits_and_lives_of_the_run(
    checking: Callable[..., Mission], repo: Path, count: Callable[[], int], line: str, status: str
) -> None:
    mission, commit = checking(line), git.head(repo)
    assert tried(mission, commit).status == status
    looks = count()
    mission = opened(mission.folder, mission.settings)
    assert tried(mission, same_tree(repo, commit)).status == status
    assert count() == looks
    assert [(t["commit"], t["tree"]) for t in trials(mission)] == [(commit, git.tree_of(repo, commit))]


def test_another_tree_is_tried_by_itself(
    checking: Callable[..., Mission], repo: Path, commit: Commit, count: Callable[[], int]
) -> None:
    mission, base = checking("grep -q one a.txt"), git.head(repo)
    other = commit(repo, {"a.txt": "two\n"}, on=base)
    seen = try_each(mission, mission.plan.milestones[0], [base, other], [the_check(mission)])
    assert [[each.status for each in found.values()] for found in seen.values()] == [["passed"], ["failed"]]
    assert count() == 3  # what fails is looked at a second time


def test_mixed_looks_are_inconclusive_and_stay_so(
    checking: Callable[..., Mission], repo: Path, tmp_path: Path, count: Callable[[], int]
) -> None:
    mission = checking(f"test $(wc -l < {tmp_path}/looks) -gt 1")
    seen = [tried(mission, git.head(repo)) for _ in range(2)]
    assert [each.status for each in seen] == ["inconclusive"] * 2
    assert seen[0].reason.startswith("flaky: 1 of 2 runs passed")
    assert (trials(mission)[0]["runs"], count()) == (["failed", "passed"], 2)


def test_what_observes_nothing_is_tried_again_in_the_next_life(
    checking: Callable[..., Mission], repo: Path, count: Callable[[], int]
) -> None:
    mission = checking("exit 127")
    assert [tried(mission, git.head(repo)).status for _ in range(2)] == ["inconclusive"] * 2
    assert count() == 1
    mission.ledger.append(Kind.MISSION_RUN_STARTED, repository=str(repo), base=git.head(repo))
    tried(mission, git.head(repo))
    assert count() == 2


def test_a_verdict_takes_the_pass_of_a_trial_and_names_its_own_commit(
    checking: Callable[..., Mission], repo: Path, count: Callable[[], int]
) -> None:
    mission, base = checking('echo seen > "$MISSION_EVIDENCE/it"'), git.head(repo)
    tried(mission, base)
    commit = same_tree(repo, base)
    (verdict,) = Suite(mission, mission.plan.milestones[0], base, commit, 1, {}).run()
    assert (verdict.status, verdict.commit, count()) == (VerdictStatus.PASSED, commit, 1)
    evidence = [path for path in verdict.evidence if path.endswith("/it")]
    assert [(mission.folder.path / path).read_text() for path in evidence] == ["seen\n"]


def test_what_a_verdict_or_a_witness_said_is_known(
    checking: Callable[..., Mission], repo: Path, commit: Commit, count: Callable[[], int]
) -> None:
    mission, base = checking("test -f more"), git.head(repo)
    planned, more = mission.plan.milestones[0], commit(repo, {"more": "x"}, on=base)
    witness(mission, the_check(mission), "one", base)
    Suite(mission, planned, base, more, 1, {}).run()
    looks = count()
    assert [tried(mission, each).status for each in (base, more)] == ["failed", "passed"]
    assert (count(), trials(mission)) == (looks, [])


def test_of_a_stopped_mission_nothing_is_recorded(checking: Callable[..., Mission], repo: Path) -> None:
    mission = checking("test -f a.txt")
    mission.stop.set()
    tried(mission, git.head(repo))
    assert trials(mission) == []


def test_a_trial_leaves_no_checkout(checking: Callable[..., Mission], repo: Path) -> None:
    mission = checking("test -f a.txt")
    tried(mission, git.head(repo))
    assert not any(mission.folder.worktrees.glob("*"))
