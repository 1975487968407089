"""`poc` mode: each sealed milestone moves the base branch, never over what the user has there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.conftest import Data
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    check,
    feature,
    git,
    milestone,
    parents,
    play,
    resume,
    start,
    wait_for,
    workers,
    write,
)

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


def test_a_base_branch_that_moved_gets_merges_that_were_proved(new_missions: NewMissions, tmp_path: Path) -> None:
    missions, flag = new_missions(), tmp_path / "go"
    run = start(missions, TWO, workers(a=[wait_for(flag), write("a")], b=[write("b")]), "--yes")
    git(missions.repo, "checkout", "-q", "--detach")
    run.wait_for("worker_started")
    moved = meanwhile(missions.repo)
    flag.touch()
    assert run.end() == 0
    one, two = (run.milestone(name)["commit"] for name in ("one", "two"))
    landed = [event["commit"] for event in run.events("milestone_landed")]
    assert [parents(run.repo, commit) for commit in landed] == [[moved, one], [landed[0], two]]
    assert git(run.repo, "rev-parse", "main") == landed[1]
    assert run.events("milestone_started", milestone="two")[0]["base"] == one
    assert "theirs" not in git(run.repo, "ls-tree", "--name-only", run.branch).split()
    assert [v["commit"] for v in run.report()["landing"]["verdicts"]] == [landed[1]]
    assert not run.events("base_moved")


def test_a_merge_that_fails_ends_the_milestone_until_it_can_be_proved(
    new_missions: NewMissions, tmp_path: Path
) -> None:
    missions, flag = new_missions(), tmp_path / "go"
    blueprint = {"mode": "poc", "milestones": [milestone("one", feature("a"), checks=[check("test ! -e theirs")])]}
    run = start(missions, blueprint, workers(a=[wait_for(flag), write("a")]), "--yes")
    git(missions.repo, "checkout", "-q", "--detach")
    run.wait_for("worker_started")
    base = git(missions.repo, "rev-parse", "main")
    moved = meanwhile(missions.repo)
    flag.touch()
    assert run.end() == 1
    assert run.milestone("one")["reason"].startswith("landing on main refused: the merge with what is on main, ")
    assert git(missions.repo, "rev-parse", "main") == moved
    assert run.file("a") == "done"
    assert [(event["tip"], event["commits"]) for event in run.events("base_moved")] == [(moved, 1)]

    git(missions.repo, "update-ref", "refs/heads/main", base)
    assert resume(run) == 0
    assert git(run.repo, "rev-parse", "main") == run.tip()
    assert run.sessions() == ["a.1"]


def test_a_result_is_built_on_the_recorded_base_and_landed_when_that_is_asked_for(
    new_missions: NewMissions, tmp_path: Path
) -> None:
    missions, flag = new_missions(), tmp_path / "go"
    git(missions.repo, "checkout", "-q", "--detach")
    run = start(missions, TWO | {"mode": "full"}, workers(a=[wait_for(flag), write("a")], b=[write("b")]), "--yes")
    run.wait_for("worker_started")
    assert missions("land", run.name).returncode == 1
    base = git(missions.repo, "rev-parse", "main")
    moved = meanwhile(missions.repo)
    flag.touch()
    assert run.end() == 0
    assert git(run.repo, "merge-base", run.branch, "main") == run.report()["base"] == base
    assert git(run.repo, "ls-tree", "--name-only", run.branch).split() == ["a", "a.txt", "b", "shared.txt"]
    there = {"branch": "main", "base": base, "tip": moved, "commits": 1}
    assert run.report()["baseMoved"] == there
    assert f"`mission land {run.name}` brings the two together" in (run.folder / "report.md").read_text()

    git(missions.repo, "checkout", "-q", "main")
    (run.repo / "theirs").write_text("being edited\n")
    refused = missions("land", run.name)
    assert (refused.returncode, git(run.repo, "rev-parse", "main")) == (1, moved)
    assert f"nothing moved: {run.repo} has uncommitted changes: theirs" in refused.stderr

    git(missions.repo, "checkout", "-q", "theirs")
    done = missions("land", run.name, "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["landed"], told["moved"], told["onto"]) == (True, True, moved)
    assert parents(run.repo, "main") == [moved, run.tip()]
    assert git(run.repo, "status", "--porcelain") == ""
    assert (run.repo / "b").read_text() == "done\n"
    assert run.report()["landing"]["commit"] == told["commit"] == git(run.repo, "rev-parse", "main")
    assert run.report()["baseMoved"] is None
    assert run.leftovers() == []

    again = missions("land", run.name)
    assert (again.returncode, again.stdout) == (0, f"main holds the result of {run.name} already; nothing moved\n")


def meanwhile(repo: Path) -> str:
    """Somebody else's commit on `main`, which nobody has checked out."""
    blob = git(repo, "hash-object", "-w", "shared.txt")
    entries = git(repo, "ls-tree", "main").splitlines()
    entries.append(f"100644 blob {blob}\ttheirs")
    tree = subprocess.run(["git", "-C", repo, "mktree"], input="\n".join(entries), capture_output=True, text=True)
    moved = git(repo, "commit-tree", tree.stdout.strip(), "-p", "main", "-m", "Meanwhile")
    git(repo, "update-ref", "refs/heads/main", moved)
    return moved
