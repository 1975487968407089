"""`poc` mode: each sealed milestone moves the base branch, never over what the user has there."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import feature, git, milestone, play, resume, start, there, wait_for, workers, write

TWO: Data = {"mode": "poc", "milestones": [milestone("one", feature("a")), milestone("two", feature("b"))]}
SCRIPT = workers(a=[write("a")], b=[write("b")])


def test_each_sealed_milestone_lands_on_a_clean_checkout(new_missions: NewMissions) -> None:
    missions = new_missions()
    run = play(missions, TWO, SCRIPT)
    assert run.code == 0
    landed = [(event["milestone"], event["commit"]) for event in run.events("milestone_landed")]
    assert landed == [(name, run.milestone(name)["commit"]) for name in ("one", "two")]
    assert git(run.repo, "rev-parse", "main") == run.tip()
    assert git(run.repo, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(run.repo, "status", "--porcelain") == ""
    assert (run.repo / "b").read_text() == "done\n"


def test_a_base_branch_that_nobody_has_checked_out_is_moved(new_missions: NewMissions) -> None:
    missions = new_missions()
    git(missions.repo, "checkout", "-q", "-b", "other")
    run = play(missions, TWO, SCRIPT)
    assert run.code == 0
    assert git(run.repo, "rev-parse", "main") == run.tip()
    assert git(run.repo, "rev-parse", "other") == run.report()["base"]
    assert not (run.repo / "a").exists()


def test_a_dirty_checkout_is_not_landed_on_until_the_user_cleaned_up(new_missions: NewMissions) -> None:
    missions = new_missions()
    (missions.repo / "a.txt").write_text("being edited\n")
    run = play(missions, TWO, SCRIPT)
    assert (run.code, run.report()["status"]) == (1, "failed")
    assert run.milestone("one")["reason"] == (
        f"landing on main refused: {missions.repo} has uncommitted changes: a.txt; the work is on {run.branch}"
    )
    assert run.file("a") == "done"
    assert git(run.repo, "rev-parse", "main") == run.report()["base"]
    assert (missions.repo / "a.txt").read_text() == "being edited\n"

    git(missions.repo, "checkout", "-q", "a.txt")
    assert resume(run) == 0
    assert git(run.repo, "rev-parse", "main") == run.tip()
    assert run.sessions() == ["a.1", "b.1"]


def test_a_base_branch_that_moved_is_not_landed_on_until_it_is_back(new_missions: NewMissions, tmp_path: Path) -> None:
    missions, flag = new_missions(), tmp_path / "go"
    git(missions.repo, "checkout", "-q", "-b", "other")
    run = start(missions, TWO, workers(a=[wait_for(flag), write("a")], b=[write("b")]), "--yes")
    run.wait_for("worker_started")
    base = git(missions.repo, "rev-parse", "main")
    moved = git(missions.repo, "commit-tree", "main^{tree}", "-p", "main", "-m", "Meanwhile")
    git(missions.repo, "update-ref", "refs/heads/main", moved)
    flag.touch()
    assert run.end() == 1
    assert f"branch 'main' moved from {base[:10]} to {moved[:10]}" in run.milestone("one")["reason"]
    assert git(missions.repo, "rev-parse", "main") == moved
    assert there(missions.repo, f"{run.branch}:a")

    git(missions.repo, "update-ref", "refs/heads/main", base)
    assert resume(run) == 0
    assert git(run.repo, "rev-parse", "main") == run.tip()
    assert run.sessions() == ["a.1", "b.1"]
