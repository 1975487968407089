"""Parts of what a milestone merged: merged anew, or taken out of what was resolved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.accepted import NewMission, new_mission
from tests.integrated import integrated
from workspaces import git
from workspaces.mission import Mission
from workspaces.parts import Parts

__all__ = ["new_mission"]
Commit = Callable[..., str]


def files(mission: Mission, commit: str | None) -> list[str]:
    assert commit
    return [path for path in git.files_at(mission.root, commit) if path not in ("a.txt", "b/c.txt")]


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission()


def test_the_features_are_told_in_the_order_of_their_merges(mission: Mission, repo: Path, commit: Commit) -> None:
    base = mission.repository.base
    made = {name: commit(repo, {name: name}, on=base) for name in "xyz"}
    order = [(name, made[name]) for name in "zxy"] + [("nothing", base), ("again", made["y"])]
    parts = Parts.of(mission, "one", base, integrated(mission, order))
    assert parts.features == ["z", "x", "y"]


def test_a_part_holds_its_features_what_they_build_on_and_no_other(
    mission: Mission, repo: Path, commit: Commit
) -> None:
    base = mission.repository.base
    first, other, last = (commit(repo, {name: name}, on=base) for name in ("first", "other", "last"))
    second = commit(repo, {"second": ""}, on=first)
    order = [("first", first), ("other", other), ("second", second), ("last", last)]
    tip = integrated(mission, order)
    parts = Parts.of(mission, "one", base, tip)
    assert files(mission, parts.commit_of(["second", "last"])) == ["first", "last", "second"]
    assert parts.besides(["second"]) == ["other", "last"]
    assert parts.commit_of(["other"]) == other
    assert parts.commit_of(parts.features) == tip


def test_a_conflict_that_was_resolved_is_resolved_in_a_part_too(mission: Mission, repo: Path, commit: Commit) -> None:
    base = mission.repository.base
    left, right = (commit(repo, {"a.txt": f"one\n{name}\n"}, on=base) for name in ("left", "right"))
    other = commit(repo, {"other": ""}, on=base)
    both = commit(repo, {"a.txt": "one\nleft\nright\n", "other": ""}, on=base)
    tip = integrated(mission, [("other", other), ("left", left), ("right", right)], resolved=both)
    part = Parts.of(mission, "one", base, tip).commit_of(["left", "right"])
    assert files(mission, part) == []
    assert git.read_blob(repo, git.blob_at(repo, str(part), "a.txt") or "") == b"one\nleft\nright\n"


def test_a_part_that_git_cannot_make_is_none(mission: Mission, repo: Path, commit: Commit) -> None:
    """The second overwrote the first's line, so neither can be merged, nor the first be taken out, alone."""
    base = mission.repository.base
    first, second, third = (commit(repo, {"a.txt": f"{name}\n"}, on=base) for name in ("first", "second", "third"))
    both = commit(repo, {"a.txt": "third second first\n"}, on=base)
    tip = integrated(mission, [("first", first), ("second", second), ("third", third)], resolved=both)
    parts = Parts.of(mission, "one", base, tip)
    assert parts.commit_of(["second", "third"]) is None
    assert parts.commit_of(["third"]) == third
