"""Random edits of an unfinished mission: what runs again is what was computed, and the result is a fresh run's."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blueprints.differences import differences
from blueprints.load import load
from ledger.events import Kind
from ledger.settings import Settings
from tasks.feature import build_feature
from tasks.integrate import integrate
from tasks.seal import advance, seal, sealed_at
from tests.accepted import opened
from tests.conftest import Data, Missions
from validators.suite import Suite
from workspaces import git
from workspaces.acceptance import accept
from workspaces.amendment import amend
from workspaces.mission import Mission

_AGENT = """\
built=$(cat ./*.work 2>/dev/null || true)
{ sed 's/.*"spec":"\\([^"]*\\)".*/\\1/' "$MISSION_ASSIGNMENT"; echo "$built"; } > "$MISSION_FEATURE.work"
"""
"""Writes its specification and all that it builds on: a change of either changes the tree."""

_EVERYTHING = 99


def start() -> Data:
    return {
        "agents": {"shell": {"kind": "command", "argv": ["sh", "-c", _AGENT], "retries": 0}},
        "validators": [{"kind": "files", "exist": ["*.work"]}],
        "milestones": [
            {"name": "one", "features": [_feature("a"), _feature("b", "a"), _feature("c")]},
            {"name": "two", "features": [_feature("d")]},
        ],
    }


def _feature(name: str, *needs: str) -> Data:
    return {"id": name, "spec": f"Make {name}.", "needs": list(needs)}


Edit = Callable[[Data, random.Random], None]


def another_spec(blueprint: Data, chance: random.Random) -> None:
    chance.choice(_features(blueprint))["spec"] += " Well."


def one_more(blueprint: Data, chance: random.Random) -> None:
    milestone = chance.choice(blueprint["milestones"])
    needs = [feature["id"] for feature in milestone["features"] if chance.random() < 0.5]
    milestone["features"].append(_feature(f"new-{len(_features(blueprint))}", *needs))


def one_less(blueprint: Data, chance: random.Random) -> None:
    gone = chance.choice(blueprint["milestones"][0]["features"])
    if len(blueprint["milestones"][0]["features"]) > 1:
        blueprint["milestones"][0]["features"].remove(gone)
    for feature in _features(blueprint):
        feature["needs"] = [need for need in feature["needs"] if need != gone["id"]]


def another_need(blueprint: Data, chance: random.Random) -> None:
    """Of the first milestone's, a later one needs an earlier one; one that is there already is taken away."""
    features = blueprint["milestones"][0]["features"]
    needed, feature = features[0], features[-1]
    if needed is not feature:
        feature["needs"] = [] if needed["id"] in feature["needs"] else [needed["id"]]


def other_order_of_keys(blueprint: Data, chance: random.Random) -> None:
    for feature in _features(blueprint):
        items = list(feature.items())
        chance.shuffle(items)
        feature.clear()
        feature.update(items)


def another_check(blueprint: Data, chance: random.Random) -> None:
    chance.choice(blueprint["milestones"])["validate"] = [{"kind": "files", "absent": [f"{chance.random()}"]}]


def other_limits(blueprint: Data, chance: random.Random) -> None:
    blueprint["maxConcurrency"] = chance.randint(1, 9)
    blueprint["agents"]["shell"] |= {"retries": chance.randint(1, 3), "timeout": "5m"}
    chance.choice(_features(blueprint)).update(retries=2, timeout="7m")  # of a feature, too


COSMETIC: list[Edit] = [other_order_of_keys, other_limits, another_check]
EDITS: list[Edit] = [another_spec, one_more, one_less, another_need, *COSMETIC]


def _features(blueprint: Data) -> list[Data]:
    return [feature for milestone in blueprint["milestones"] for feature in milestone["features"]]


@pytest.fixture
def fresh() -> dict[str, str]:
    """Trees of fresh runs that several examples are compared with."""
    return {}


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an example is small already
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=2),
    built=st.sampled_from([1, 3, _EVERYTHING]),
    chance=st.randoms(use_true_random=False),
)
def test_exactly_what_an_edit_changes_runs_again_and_the_result_is_that_of_a_fresh_run(
    missions: Missions, fresh: dict[str, str], edits: list[Edit], built: int, chance: random.Random
) -> None:
    blueprint = start()
    mission = begun(missions, blueprint)
    live(mission, most=built)
    finished, lines = set(ran(mission)), len(mission.ledger.events)

    edited = deepcopy(blueprint)
    for edit in edits:
        edit(edited, chance)
    loaded = load(_with_comment(missions, edited))
    different = differences(mission.plan, loaded.plan)
    amend(mission, loaded, by="ada")
    if not set(edits) - {*COSMETIC}:
        assert different.again == ()

    mission = opened(mission.folder, mission.settings)
    result = live(mission)
    unfinished = {feature["id"] for feature in _features(edited)} - finished
    assert sorted(ran(mission, lines)) == sorted({*different.again} | unfinished)
    assert result
    assert git.tree_of(missions.repo, result) == of_a_fresh_run(missions, edited, fresh)
    assert git.resolve_branch(missions.repo, mission.branch) == result


def begun(missions: Missions, blueprint: Data) -> Mission:
    where = Settings(home=missions.home, grace=1)
    return opened(accept(load(missions.blueprint(deepcopy(blueprint))), where, path=missions.repo), where)


def of_a_fresh_run(missions: Missions, blueprint: Data, known: dict[str, str]) -> str:
    """The tree; what shapes no work needs no run of its own."""
    what = str([[sorted(f.items()) for f in m["features"]] for m in blueprint["milestones"]])
    if what not in known:
        known[what] = git.tree_of(missions.repo, str(live(begun(missions, blueprint))))
    return known[what]


def _with_comment(missions: Missions, blueprint: Data) -> Any:
    path = missions.blueprint(blueprint)
    path.write_text("# edited\n" + yaml.safe_dump(yaml.safe_load(path.read_text()), sort_keys=True, width=40))
    return path


def ran(mission: Mission, since: int = 0) -> list[str]:
    """The features whose agents ran after so many lines of the ledger."""
    events = mission.ledger.events[since:]
    return [event.data["featureId"] for event in events if event.kind is Kind.WORKER_STARTED]


def live(mission: Mission, *, most: int = _EVERYTHING) -> str | None:
    """A life of the run without Prefect, one thing after another; it ends before it has built more than `most`."""
    base, begun_before = mission.repository.base, len(ran(mission))
    for milestone in mission.plan.milestones:
        commit = sealed_at(mission, milestone.name, base)
        if commit is None:
            commits: dict[str, str] = {}
            for feature in milestone.in_order():
                if len(ran(mission)) - begun_before == most:
                    return None
                needs = {need: commits[need] for need in feature.waits_for}
                commits[feature.id] = str(build_feature(mission, milestone.name, feature.id, base, needs).commit)
            commit = str(integrate(mission, milestone.name, base, commits).commit)
            verdicts = Suite(mission, milestone, base, commit, 1, commits).run()
            assert advance(mission, milestone.name, base, commit, verdicts) is None
            seal(mission, milestone.name, base, commit)
        base = commit
    return base


def test_a_milestone_sealed_anew_moves_the_branch_and_keeps_what_was_there(missions: Missions) -> None:
    mission = begun(missions, start())
    old = str(live(mission))
    edited = start()
    edited["milestones"][1]["features"][0]["spec"] = "Make another d."
    amend(mission, load(missions.blueprint(edited)), by="ada")
    new = live(mission)
    assert new != old
    assert git.resolve_branch(missions.repo, mission.branch) == new
    assert git.refs(missions.repo, f"refs/missions/{mission.run}/sealed") == {
        f"refs/missions/{mission.run}/sealed/{old[:12]}": old
    }


def test_without_its_last_milestone_the_result_is_that_of_the_one_before(missions: Missions) -> None:
    mission = begun(missions, start())
    live(mission)
    edited = start()
    del edited["milestones"][1]
    amend(mission, load(missions.blueprint(edited)), by="ada")
    lines, result = len(mission.ledger.events), live(mission)
    assert git.resolve_branch(missions.repo, mission.branch) == result
    assert mission.ledger.events[lines:] == []


def test_a_branch_that_somebody_else_moved_is_left_alone_after_an_amendment_too(
    missions: Missions, commit: Callable[..., str]
) -> None:
    mission = begun(missions, start())
    live(mission)
    foreign = commit(missions.repo, {"x": "x"}, on=mission.repository.base)
    git.update_ref(missions.repo, f"refs/heads/{mission.branch}", foreign)
    edited = start()
    edited["milestones"][0]["features"][0]["spec"] = "Make another a."
    amend(mission, load(missions.blueprint(edited)), by="ada")
    with pytest.raises(AssertionError, match="where this mission did not put it"):
        live(mission)
    assert git.resolve_branch(missions.repo, mission.branch) == foreign
