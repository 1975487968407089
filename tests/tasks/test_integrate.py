"""A milestone's features merged: in which order, and with proof that all of their work is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.events import Kind
from ledger.fold import build_report
from ledger.render import markdown
from ledger.report import StepStatus
from tasks.integrate import Integration, integrate
from tests.accepted import NewMission, opened
from tests.conftest import Data
from validators.presence import Integrated
from workspaces import git
from workspaces.git_command import answer
from workspaces.mission import Mission

Commit = Callable[..., str]
TEN = "".join(f"{number}\n" for number in range(10))


@pytest.fixture
def base(repo: Path, commit: Commit) -> str:
    return commit(repo, {"ten.txt": TEN})


def mission_with(new_mission: NewMission, *names: str, script: Data | None = None, **needs: list[str]) -> Mission:
    features = [{"id": name, "spec": f"Do {name}.", "needs": needs.get(name, [])} for name in names]
    return new_mission({"milestones": [{"name": "one", "features": features}]}, script)


def with_lines(*lines: str) -> Mapping[str, str]:
    """The ten lines with these in the place of the first and the ones after it."""
    return {"ten.txt": "".join(f"{line}\n" for line in (*lines, *TEN.split()[len(lines) :]))}


def order(mission: Mission) -> list[str]:
    return [e.data["featureId"] for e in mission.ledger.events if e.kind is Kind.FEATURE_INTEGRATED]


def told(mission: Mission, kind: Kind, *names: str) -> list[Any]:
    found = [event.data for event in mission.ledger.events if event.kind is kind]
    return [tuple(data[name] for name in names) for data in found]


def resolve(files: Mapping[str, str]) -> list[list[Data]]:
    return [[{"write": {"path": path, "text": text}} for path, text in files.items()]]


def test_what_waits_for_nothing_comes_in_with_the_smallest_conflict_first(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    script = {
        "integrator": {"many": resolve({**with_lines("a", "b"), "x": "a b"}), "few": resolve(with_lines("a", "b"))}
    }
    mission = mission_with(new_mission, "first", "many", "few", "none", script=script)
    commits = {
        "first": commit(repo, {**with_lines("a"), "x": "a"}, on=base),
        "many": commit(repo, {**with_lines("b"), "x": "b"}, on=base),
        "few": commit(repo, with_lines("b"), on=base),
        "none": commit(repo, {"y": "y"}, on=base),
    }
    integrate(mission, "one", base, commits)
    assert order(mission) == ["first", "none", "few", "many"]


def test_a_feature_comes_after_those_it_waits_for_whatever_it_conflicts_with(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "later", "early", later=["early"])
    early = commit(repo, {"x": "x"}, on=base)
    integrate(mission, "one", base, {"early": early, "later": commit(repo, {"y": "y"}, on=early)})
    assert order(mission) == ["early", "later"]


def test_of_each_feature_it_is_proved_that_its_change_is_there(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "a", "b", "c", script={"integrator": {"b": resolve(with_lines("a", "b"))}})
    commits = {
        "a": commit(repo, with_lines("a"), on=base),
        "b": commit(repo, with_lines("b"), on=base),
        "c": commit(repo, {"c": "c"}, on=base),
    }
    done = integrate(mission, "one", base, commits)
    proved = dict(told(mission, Kind.PRESENCE_PROVED, "featureId", "how"))
    assert proved == {"a": "kept", "b": "kept", "c": "contained"}
    assert told(mission, Kind.PRESENCE_PROVED, "commit") == [(done.commit,)] * 3


def test_nothing_is_merged_or_proved_again_in_a_later_life(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "a", "b")
    commits = {name: commit(repo, {f"{name}.py": name}, on=base) for name in "ab"}
    done, lines = integrate(mission, "one", base, commits), len(mission.ledger.events)
    assert integrate(opened(mission.folder, mission.settings), "one", base, commits) == done
    assert len(opened(mission.folder, mission.settings).ledger.events) == lines


@pytest.mark.parametrize(
    ("change", "tip", "missing"),
    [
        (with_lines("new words"), {}, "lost: a ten.txt"),
        ({"b/c.txt": None}, {}, "lost: a b/c.txt: the file was deleted there and is still here"),
        ({"x": "said\n"}, {"x": "otherwise\n"}, "lost: a x: nothing of line 1"),
    ],
)
def test_what_is_not_there_is_named(
    new_mission: NewMission,
    repo: Path,
    commit: Commit,
    base: str,
    change: Mapping[str, str],
    tip: Mapping[str, str],
    missing: str,
) -> None:
    """However it was merged: its ancestry proves nothing."""
    mission, mine = mission_with(new_mission, "a"), commit(repo, change, on=base)
    other = commit(repo, tip, on=base)
    pretended = git.commit_tree(repo, git.tree_of(repo, other), [base, mine], "Merge a, they say")
    found = Integrated(mission, mission.plan.milestones[0], base, pretended, {"a": mine}).missing()
    assert list(found) == ["a"]
    assert missing in found["a"][0]


def test_what_a_feature_that_builds_on_another_changed_in_it_is_not_missing(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "a", "b", b=["a"])
    first = commit(repo, with_lines("first thought"), on=base)
    second = commit(repo, with_lines("second"), on=first)
    assert integrate(mission, "one", base, {"a": first, "b": second}).status is StepStatus.DONE


def test_a_feature_built_anew_goes_on_as_its_new_commit(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    anew = {"run": "sed -i 's/^a$/a\\nb/' ten.txt"}
    mission = mission_with(
        new_mission, "a", "b", script={"integrator": {"b": [[{"fail": "Too hard"}]]}, "worker": {"b": [[anew]]}}
    )
    commits = {name: commit(repo, with_lines(name), on=base) for name in "ab"}
    done = integrate(mission, "one", base, commits)
    assert done.commits["a"] == commits["a"]
    assert done.commits["b"] != commits["b"]
    assert git.is_ancestor(repo, done.commits["b"], str(done.commit))
    assert integrate(opened(mission.folder, mission.settings), "one", base, commits) == done


def test_the_report_tells_which_rung_brought_a_feature_in_and_what_it_took(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "a", "b", script={"integrator": {"b": resolve(with_lines("a", "b"))}})
    integrate(mission, "one", base, {name: commit(repo, with_lines(name), on=base) for name in "ab"})
    report = build_report(mission.run, mission.plan, mission.ledger.events)
    integration = report.milestones[0].integration
    assert [(m.how, m.agent_runs, m.presence) for m in integration.merges] == [
        ("clean", 0, "kept"),
        ("integrator", 1, "kept"),
    ]
    assert [(t.feature, t.rung, t.status) for t in integration.tried] == [
        ("b", "union", "failed"),
        ("b", "integrator", "done"),
    ]
    text = markdown(report)
    assert "a, b (integrator)" in text
    assert "| `b` | union | ✗ failed |" in text


def test_a_conflict_that_nobody_resolves_names_both_features_and_the_path(
    new_mission: NewMission, repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_with(new_mission, "a", "b")
    done: Integration = integrate(
        mission, "one", base, {name: commit(repo, with_lines(name), on=base) for name in "ab"}
    )
    assert (done.commit, done.status) == (None, StepStatus.FAILED)
    assert done.reason.startswith("b and a conflict in ten.txt: ")
    assert answer(repo, "rev-parse", "main") == base
