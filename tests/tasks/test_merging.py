"""Features merged by code, and by the scripted integrator where git meets a conflict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.events import Kind
from tasks.merging import Merge, merge_feature
from tests.accepted import NewMission
from workspaces import git
from workspaces.git_command import answer
from workspaces.mission import Mission

Commit = Callable[..., str]
BOTH = "one\nours\ntheirs\n"


@pytest.fixture
def base(repo: Path) -> str:
    return git.head(repo)


def integrating(new_mission: NewMission, *attempts: Any, **player: Any) -> Mission:
    """A mission whose integrator plays these attempts on feature `b`."""
    features = [{"id": "a", "spec": "Do a."}, {"id": "b", "title": "The B", "spec": "Do b."}]
    agents = {"player": {"kind": "scripted", "script": "script.yaml", "retries": 0, **player}}
    blueprint = {"milestones": [{"name": "one", "features": features}], "agents": agents}
    return new_mission(blueprint, {"integrator": {"b": list(attempts)}})


def resolve(text: str = BOTH) -> list[dict[str, Any]]:
    return [{"write": {"path": "a.txt", "text": text}}]


def sides(repo: Path, commit: Commit, base: str) -> tuple[str, str]:
    """Two commits that add a line at the same place."""
    return commit(repo, {"a.txt": "one\nours\n"}, on=base), commit(repo, {"a.txt": "one\ntheirs\n"}, on=base)


def merge(mission: Mission, ours: str, theirs: str) -> Merge:
    """Feature `b` at `theirs`, merged into `ours`, where `a` is already."""
    return merge_feature(mission, "one", {"a": ours}, ours, "b", theirs)


def agent_runs(mission: Mission) -> int:
    return sum(event.kind is Kind.WORKER_STARTED for event in mission.ledger.events)


def content(mission: Mission, merged: Merge, path: str) -> str:
    blob = git.blob_at(mission.root, str(merged.commit), path)
    return git.read_blob(mission.root, str(blob)).decode()


def subject(repo: Path, merged: Merge) -> str:
    return answer(repo, "log", "-1", "--format=%s", str(merged.commit))


def test_what_does_not_touch_is_merged_without_an_agent(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission)
    ours, theirs = commit(repo, {"x": "x"}, on=base), commit(repo, {"y": "y"}, on=base)
    merged = merge(mission, ours, theirs)
    assert merged.how == "clean"
    assert git.parents_of(repo, str(merged.commit)) == [ours, theirs]
    assert sorted(git.changed_paths(repo, base, str(merged.commit))) == ["x", "y"]
    assert agent_runs(mission) == 0


def test_a_merge_commit_names_run_and_feature(
    new_mission: NewMission, repo: Path, commit: Commit, base: str, owner: Callable[..., str]
) -> None:
    mission = integrating(new_mission)
    merged = merge(mission, commit(repo, {"x": "x"}, on=base), commit(repo, {"y": "y"}, on=base))
    message = owner(repo, "log", "-1", "--format=%B", str(merged.commit))
    assert message.splitlines()[0] == "Merge b into one"
    assert f"Mission-Run: {mission.run}\nMission-Feature: b" in message


def test_a_first_feature_gets_its_merge_commit_too(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    theirs = commit(repo, {"y": "y"}, on=base)
    merged = merge(integrating(new_mission), base, theirs)
    assert git.parents_of(repo, str(merged.commit)) == [base, theirs]


def test_what_is_there_already_merges_as_nothing(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    ours = commit(repo, {"x": "x"}, on=base)
    merged = merge(integrating(new_mission), ours, base)
    assert (merged.commit, merged.how) == (ours, "contained")


def test_a_conflict_is_resolved_by_the_integrator(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission, resolve())
    ours, theirs = sides(repo, commit, base)
    merged = merge(mission, ours, theirs)
    assert merged.how == "integrator"
    assert git.parents_of(repo, str(merged.commit)) == [ours, theirs]
    assert subject(repo, merged) == "Merge b into one"
    assert content(mission, merged, "a.txt") == BOTH


def test_the_integrator_is_told_where_the_conflict_is(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission, [{"run": "grep -q '<<<<<<<' a.txt"}, *resolve()])
    merge(mission, *sides(repo, commit, base))
    assert "conflict in `a.txt`" in mission.folder.prompt("integrator.b.1").read_text()


def test_an_integrator_s_own_commit_is_taken_for_its_content(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission, [*resolve(), {"commit": "I merged it"}])
    ours, theirs = sides(repo, commit, base)
    merged = merge(mission, ours, theirs)
    assert git.parents_of(repo, str(merged.commit)) == [ours, theirs]
    assert subject(repo, merged) == "Merge b into one"


@pytest.mark.parametrize("text", ["one\nours\n", "one\ntheirs\n", "one\n<<<<<<< x\nours\n=======\ntheirs\n>>>>>>> y\n"])
def test_a_resolution_that_loses_a_side_or_leaves_markers_is_refused(
    new_mission: NewMission, repo: Path, commit: Commit, base: str, text: str
) -> None:
    merged = merge(integrating(new_mission, resolve(text)), *sides(repo, commit, base))
    assert (merged.commit, merged.status) == (None, "failed")
    assert merged.reason.startswith("b and a conflict in a.txt: the conflict is not resolved: ")


def test_an_integrator_that_gives_up_is_told_with_the_conflict(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    merged = merge(integrating(new_mission, [{"fail": "Too hard"}]), *sides(repo, commit, base))
    assert merged.reason.startswith("b and a conflict in a.txt: the agent ended with exit code 1")


def test_an_integrator_may_try_again(new_mission: NewMission, repo: Path, commit: Commit, base: str) -> None:
    mission = integrating(new_mission, resolve("one\nours\n"), resolve(), retries=1)
    assert merge(mission, *sides(repo, commit, base)).how == "integrator"
    assert agent_runs(mission) == 2


def test_a_stopped_mission_resolves_nothing(new_mission: NewMission, repo: Path, commit: Commit, base: str) -> None:
    mission = integrating(new_mission, resolve())
    mission.stop.set()
    assert merge(mission, *sides(repo, commit, base)).status == "stopped"
    assert agent_runs(mission) == 0


def test_a_conflict_met_again_is_not_resolved_again(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission, resolve())
    ours, theirs = sides(repo, commit, base)
    first, second = (str(merge(mission, ours, theirs).commit) for _ in range(2))
    assert git.tree_of(repo, first) == git.tree_of(repo, second)
    assert agent_runs(mission) == 1


def test_a_conflict_met_again_between_other_commits_of_the_same_trees_is_not_resolved_again(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = integrating(new_mission, resolve())
    ours, theirs = sides(repo, commit, base)
    first = merge(mission, ours, theirs)
    others = [git.commit_tree(repo, git.tree_of(repo, side), [base], "the same, later") for side in (ours, theirs)]
    second = merge(mission, *others)
    assert agent_runs(mission) == 1
    assert git.parents_of(repo, str(second.commit)) == others != [ours, theirs]
    assert git.tree_of(repo, str(second.commit)) == git.tree_of(repo, str(first.commit))


def test_another_conflict_is_resolved_anew(new_mission: NewMission, repo: Path, commit: Commit, base: str) -> None:
    mission = integrating(new_mission, resolve(), resolve("one\nours\nother\n"))
    ours, theirs = sides(repo, commit, base)
    merge(mission, ours, theirs)
    merged = merge(mission, ours, commit(repo, {"a.txt": "one\nother\n"}, on=base))
    assert content(mission, merged, "a.txt") == "one\nours\nother\n"
    assert agent_runs(mission) == 2


def test_the_user_s_checkout_and_branches_stay_as_they_are(
    new_mission: NewMission, repo: Path, commit: Commit, base: str, owner: Callable[..., str]
) -> None:
    mission = integrating(new_mission, resolve())
    ours, theirs = sides(repo, commit, base)
    (repo / "a.txt").write_text("mine\n")
    merge(mission, ours, theirs)
    assert owner(repo, "status", "--porcelain") == "M a.txt"
    assert git.refs(repo, "refs/heads") == {"refs/heads/main": base}
