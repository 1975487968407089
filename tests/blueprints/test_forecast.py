from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.differences import differences
from blueprints.forecast import Collision, collisions
from blueprints.load import load_text
from blueprints.plan import Plan, compile_plan

HEAD = """\
mission: demo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
"""
REST = "spec: Do it., fulfills: [], because: It is a test."


def plan(*milestones: dict[str, str], avoid: bool = False) -> Plan:
    """Features with what else they have, milestone by milestone."""
    text = HEAD + ("schedule: {avoidConflicts: true}\n" if avoid else "") + "milestones:\n"
    for number, features in enumerate(milestones, 1):
        text += f"  - name: m{number}\n    features:\n"
        text += "".join(f"      - {{id: {name}, {keys}, {REST}}}\n" for name, keys in features.items())
    return load_text(text, "mission.yaml", Path.cwd()).plan


def pairs(*milestones: dict[str, str]) -> list[tuple[str, str]]:
    return [(found.first, found.second) for found in collisions(plan(*milestones))]


def test_two_that_touch_the_same_are_likely_to_conflict() -> None:
    (found,) = collisions(plan({"a": "touches: [src/**, README.md]", "b": "touches: [src/b.py]"}))
    assert found == Collision("m1", "a", "b", ("src/b.py",))
    assert (found.reason, found.suggestion) == ("both touch src/b.py", "needs: [a]")


def test_two_of_which_one_waits_for_the_other_are_not() -> None:
    same = "touches: [x]"
    assert pairs({"a": same, "b": f"needs: [a], {same}", "c": f"needs: [b], {same}"}) == []
    assert pairs({"a": same, "b": f"needs: [a], {same}", "c": same}) == [("a", "c"), ("b", "c")]


def test_the_one_that_others_need_is_the_first_wherever_it_is_written() -> None:
    same = "touches: [x]"
    assert pairs({"z": "needs: [a], touches: [y]", "b": f"needs: [a], {same}", "a": "touches: [v]", "c": same}) == [
        ("b", "c")
    ]
    assert pairs({"z": f"needs: [a], {same}", "c": same, "a": "touches: [v]"}) == [("c", "z")]


def test_those_of_other_milestones_and_those_that_say_nothing_are_not() -> None:
    assert pairs({"a": "touches: [x]", "b": "title: B"}, {"c": "touches: [x]", "d": "touches: [y]"}) == []


@pytest.mark.parametrize(
    ("one", "other", "patterns"),
    [
        ("src", "src/app.py", ("src/app.py",)),
        ("src/*", "src", ("src",)),
        ("src/*.py", "src/[ab]*", ("src/*.py", "src/[ab]*")),
        ("src/**", "src/**", ("src/**",)),
    ],
)
def test_where_they_meet_is_told_as_narrowly_as_it_is_known(one: str, other: str, patterns: tuple[str, ...]) -> None:
    (found,) = collisions(plan({"a": f'touches: ["{one}"]', "b": f'touches: ["{other}"]'}))
    assert found.patterns == patterns


CROWD = {"a": "touches: [x]", "b": "touches: [x, y]", "c": "touches: [y, z]", "d": "needs: [a], touches: [z]"}


def test_conflicts_that_are_avoided_make_the_later_feature_build_on_the_earlier() -> None:
    avoiding = plan(CROWD, avoid=True)
    assert collisions(avoiding) == []
    assert [f.waits_for for f in avoiding.milestones[0].features] == [[], ["a"], ["b"], ["a", "c"]]
    assert [f.avoids for f in avoiding.milestones[0].features] == [[], ["a"], ["b"], ["c"]]
    assert avoiding.milestones[0].waves() == [["a"], ["b"], ["c"], ["d"]]


def test_a_plan_that_avoids_conflicts_is_compiled_the_same_again() -> None:
    avoiding = plan(CROWD, avoid=True)
    assert compile_plan(avoiding.blueprint, Path(avoiding.folder)) == avoiding
    assert Plan.model_validate_json(avoiding.model_dump_json()) == avoiding


def test_to_avoid_conflicts_is_another_plan_in_which_those_that_wait_are_built_again() -> None:
    found = differences(plan(CROWD), plan(CROWD, avoid=True))
    assert found.before != found.after
    assert found.again == ("b", "c", "d")
    assert "setting schedule changed: avoidConflicts" in found.text()


def test_where_nothing_meets_avoiding_changes_no_key() -> None:
    apart = {"a": "touches: [x]", "b": "touches: [y]"}
    keys = [[f.key for f in plan(apart, avoid=avoid).milestones[0].features] for avoid in (False, True)]
    assert keys[0] == keys[1]
