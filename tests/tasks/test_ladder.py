"""The ladder: which rung settles a conflict, and what its result must stand up to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.events import Kind
from tasks.ladder import Rung
from tasks.merging import Merge, merge_feature
from tests.accepted import NewMission
from tests.conftest import Data
from workspaces import git
from workspaces.mission import Mission

Commit = Callable[..., str]
OURS, THEIRS = "grep -q ours a.txt", "grep -q theirs a.txt"
SHORT = f"{OURS} && test $(wc -l < a.txt) -eq 2"
"""No union of both sides passes it."""


@pytest.fixture
def base(repo: Path) -> str:
    return git.head(repo)


@pytest.fixture
def sides(repo: Path, commit: Commit, base: str) -> tuple[str, str]:
    """Two commits that add a line at the same place."""
    return commit(repo, {"a.txt": "one\nours\n"}, on=base), commit(repo, {"a.txt": "one\ntheirs\n"}, on=base)


@pytest.fixture
def mission_of(new_mission: NewMission) -> Callable[..., Mission]:
    """`mission_of(a=…, b=…)`: the check of each feature's assertion; agents play `integrator` and `worker` for `b`."""

    def make(*, a: str = OURS, b: str = THEIRS, integrator: Any = (), worker: Any = (), **blueprint: object) -> Mission:
        contract = {
            f"VAL-{name.upper()}-001": {"says": f"{name} holds.", "check": {"kind": "command", "run": line}}
            for name, line in (("a", a), ("b", b))
        }
        features = [{"id": name, "spec": f"Do {name} well.", "fulfills": [f"VAL-{name.upper()}-001"]} for name in "ab"]
        milestones = [{"name": "one", "features": features}]
        script = {"integrator": {"b": list(integrator)}, "worker": {"b": list(worker)}}
        return new_mission({"contract": contract, "milestones": milestones} | blueprint, script)

    return make


def write(path: str, text: str) -> Data:
    return {"write": {"path": path, "text": text}}


def merge(mission: Mission, ours: str, theirs: str, **more: Any) -> Merge:
    """Feature `b` at `theirs`, merged into `ours`, where `a` is already."""
    return merge_feature(mission, "one", {"a": ours}, ours, "b", theirs, **more)


def tried(merged: Merge) -> list[tuple[str, str]]:
    return [(str(each.rung), str(each.status)) for each in merged.tried]


def events(mission: Mission, kind: Kind) -> list[Data]:
    return [dict(event.data) for event in mission.ledger.events if event.kind is kind]


def content(mission: Mission, commit: str | None, path: str = "a.txt") -> str:
    blob = git.blob_at(mission.root, str(commit), path)
    return git.read_blob(mission.root, str(blob)).decode()


@pytest.mark.parametrize(
    ("last", "text"), [("true", "one\nours\ntheirs\n"), ("tail -n1 a.txt | grep -q ours", "one\ntheirs\nours\n")]
)
def test_lines_of_both_sides_are_taken_in_the_order_on_which_all_checks_pass(
    mission_of: Callable[..., Mission], sides: tuple[str, str], last: str, text: str
) -> None:
    mission = mission_of(a=f"{OURS} && {last}")
    merged = merge(mission, *sides)
    assert (merged.how, content(mission, merged.commit)) == (Rung.UNION, text)
    assert git.parents_of(mission.root, str(merged.commit)) == [*sides]
    assert events(mission, Kind.WORKER_STARTED) == []
    (line,) = events(mission, Kind.MERGE_TRIED)
    assert (line["featureId"], line["rung"], line["status"], line["agentRuns"]) == ("b", "union", "done", 0)


def test_a_union_that_breaks_a_feature_merged_before_goes_on_to_the_integrator(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    mission = mission_of(a=SHORT, integrator=[[write("a.txt", "one\nours, theirs\n")]])
    merged = merge(mission, *sides)
    assert tried(merged) == [("union", "failed"), ("integrator", "done")]
    assert merged.tried[0].reason.startswith("VAL-A-001 failed: ")
    assert (merged.how, merged.agent_runs) == (Rung.INTEGRATOR, 1)


def test_what_failed_on_its_own_side_already_is_no_reason_against_a_merge(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    assert merge(mission_of(a="test -f never"), *sides).how is Rung.UNION


def test_what_no_check_passes_on_is_left_to_the_integrator(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    both = [[write("a.txt", "one\nours\ntheirs\n")]]
    merged = merge(mission_of(a="test -f no", b="test -f never", integrator=both, validators=[]), *sides)
    assert tried(merged) == [("union", "failed"), ("integrator", "done")]
    assert "nobody can tell" in merged.tried[0].reason


def test_a_check_of_the_milestone_s_own_is_asked_where_a_feature_has_none(
    new_mission: NewMission, sides: tuple[str, str]
) -> None:
    features = [{"id": name, "spec": f"Do {name}."} for name in "ab"]
    both = {"kind": "command", "run": f"{OURS} && {THEIRS}"}
    mission = new_mission({"milestones": [{"name": "one", "features": features, "validate": [both]}]})
    assert merge(mission, *sides).how is Rung.UNION


def test_the_same_lines_met_elsewhere_are_resolved_as_before(
    mission_of: Callable[..., Mission], repo: Path, commit: Commit, sides: tuple[str, str]
) -> None:
    mission = mission_of(a=SHORT, integrator=[[write("a.txt", "one\nours, theirs\n")]])
    merge(mission, *sides)
    merged = merge(mission, commit(repo, {"x": "x"}, on=sides[0]), sides[1])
    assert tried(merged) == [("recorded", "done")]
    assert content(mission, merged.commit) == "one\nours, theirs\n"


def test_a_generated_file_is_made_anew_from_all_that_was_merged(
    mission_of: Callable[..., Mission], repo: Path, commit: Commit, base: str
) -> None:
    rules = [{"paths": ["all.lock"], "run": "cat parts/* > all.lock"}]
    mission = mission_of(a="grep -q ours all.lock", b="grep -q theirs all.lock", merges=rules)
    ours, theirs = (
        commit(repo, {f"parts/{side}": f"{side}\n", "all.lock": f"{side}\n"}, on=base) for side in ("ours", "theirs")
    )
    merged = merge(mission, ours, theirs)
    assert tried(merged) == [("generated", "done")]
    assert content(mission, merged.commit, "all.lock") == "ours\ntheirs\n"
    assert merged.made_anew == ("all.lock",)
    assert not any(mission.folder.worktrees.glob("*"))


def test_a_generated_file_and_lines_in_conflict_are_merged_in_one_go(
    mission_of: Callable[..., Mission], repo: Path, commit: Commit, base: str
) -> None:
    rules = [{"paths": ["all.lock"], "run": "grep -h . a.txt > all.lock"}]
    mission = mission_of(b=f"{THEIRS} && cmp a.txt all.lock", merges=rules)
    ours, theirs = (
        commit(repo, dict.fromkeys(("a.txt", "all.lock"), f"one\n{side}\n"), on=base) for side in ("ours", "theirs")
    )
    merged = merge(mission, ours, theirs)
    assert tried(merged) == [("generated", "failed"), ("union", "done")]
    assert content(mission, merged.commit, "all.lock") == "one\nours\ntheirs\n"


def test_a_resolution_that_breaks_a_check_is_refused_and_tried_again(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    tries = [[write("a.txt", text)] for text in ("one\nours\ntheirs\n", "one\nours, theirs\n")]
    player = {"player": {"kind": "scripted", "script": "script.yaml", "retries": 1}}
    mission = mission_of(a=SHORT, integrator=tries, agents=player)
    merged = merge(mission, *sides)
    assert (merged.how, merged.agent_runs) == (Rung.INTEGRATOR, 2)
    (failed,) = events(mission, Kind.WORKER_FAILED)
    assert failed["reason"].startswith("it does not fit: VAL-A-001 failed: ")


def test_the_integrator_knows_both_specifications_and_both_changes(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    mission = mission_of(b="test -f never", a="test -f no", integrator=[[write("a.txt", "one\nours\ntheirs\n")]])
    merge(mission, *sides)
    prompt = mission.folder.prompt("integrator.b.1").read_text()
    for part in ("Do a well.", "Do b well.", "+ours", "+theirs", "`VAL-A-001`", "conflict in `a.txt`"):
        assert part in prompt


def test_what_nobody_can_resolve_is_built_anew_on_top_of_what_is_there(
    mission_of: Callable[..., Mission], repo: Path, sides: tuple[str, str]
) -> None:
    mission = mission_of(
        b=f"{THEIRS} && test -f anew",
        integrator=[[{"fail": "Too hard"}]],
        worker=[[{"run": "grep -q ours a.txt && echo theirs >> a.txt"}, write("anew", "x")]],
        validators=[],
        a="test $(wc -l < a.txt) -lt 3 || test -f anew",
    )
    merged = merge(mission, *sides)
    assert tried(merged) == [("union", "failed"), ("integrator", "failed"), ("rebuilt", "done")]
    assert merged.built
    assert git.parents_of(repo, str(merged.commit)) == [sides[0], merged.built]
    assert content(mission, merged.commit) == "one\nours\ntheirs\n"
    assert "conflicts with `a` in `a.txt`" in mission.folder.prompt("b.1").read_text()


def test_what_was_built_anew_once_is_not_built_again(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    mission = mission_of(
        a="test $(wc -l < a.txt) -lt 3 || test -f anew",
        integrator=[[{"fail": "Too hard"}]],
        worker=[[{"run": "echo theirs >> a.txt"}, write("anew", "x")]],
    )
    first, second = (merge(mission, *sides) for _ in range(2))
    assert (first.built, second.tried[0].rung) == (second.built, Rung.REBUILT)
    assert len(events(mission, Kind.WORKER_STARTED)) == 2


@pytest.mark.parametrize(
    ("rewrites", "reason"),
    [("echo theirs > a.txt", "lost: a a.txt"), ("echo theirs >> a.txt; touch bad", "VAL-A-001 failed")],
)
def test_what_is_built_anew_must_not_break_what_is_there(
    mission_of: Callable[..., Mission], sides: tuple[str, str], rewrites: str, reason: str
) -> None:
    mission = mission_of(
        a="test $(wc -l < a.txt) -lt 3 && test ! -f bad || test -f good",
        integrator=[[{"fail": "Too hard"}]],
        worker=[[{"run": rewrites}]],
    )
    merged = merge(mission, *sides)
    assert (merged.commit, merged.status) == (None, "failed")
    assert merged.reason.startswith("b and a conflict in a.txt: the agent ended with exit code 1")
    assert f"built anew: it does not fit: {reason}" in merged.reason


def test_nothing_is_built_anew_for_another_feature_that_joins_it(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    mission = mission_of(a="test $(wc -l < a.txt) -lt 3", integrator=[[{"fail": "Too hard"}]])
    assert tried(merge(mission, *sides, joining=True)) == [("union", "failed"), ("integrator", "failed")]


def test_a_rung_that_was_refused_is_not_tried_again_while_the_run_lives(
    mission_of: Callable[..., Mission], sides: tuple[str, str]
) -> None:
    mission = mission_of(a="test $(wc -l < a.txt) -lt 3", integrator=[[{"fail": "No"}]] * 2)
    first, second = (merge(mission, *sides, joining=True) for _ in range(2))
    assert first.tried[0].reason == second.tried[0].reason
    assert [line["rung"] for line in events(mission, Kind.MERGE_TRIED)] == ["union", "integrator", "integrator"]


def test_a_deleted_file_that_the_other_side_edits_is_never_guessed(
    mission_of: Callable[..., Mission], repo: Path, commit: Commit, base: str
) -> None:
    mission = mission_of(a="test -d .", b="test -d .")
    ours, theirs = commit(repo, {"a.txt": None}, on=base), commit(repo, {"a.txt": "one\ntheirs\n"}, on=base)
    merged = merge(mission, ours, theirs, joining=True)
    assert tried(merged)[0] == ("union", "failed")
    assert merged.commit is None
