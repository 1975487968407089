"""Features that merge cleanly and break each other's checks, found out by trials and told with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ledger.events import Kind
from tests.accepted import NewMission
from tests.conftest import Data
from tests.integrated import integrated
from validators.base import Verdict
from validators.culprits import Culprits, culprits_behind, find_culprits
from validators.suite import Suite
from workspaces.mission import Mission

Commit = Callable[..., str]
NAMES = "abcde"


def blueprint(assertions: Mapping[str, str], own: str = "test -d .", **more: object) -> Data:
    """A feature of each of the names; `assertions` holds the command of some features' assertion."""
    ids = {name: f"VAL-{name.upper()}-001" for name in assertions}
    features = [
        {"id": name, "spec": f"Do {name}.", "fulfills": [ids[name]]} if name in ids else {"id": name, "spec": "Do it."}
        for name in NAMES
    ]
    checks = {name: {"kind": "command", "run": run} for name, run in assertions.items()}
    return {
        "contract": {ids[name]: {"says": f"{name} works.", "check": check} for name, check in checks.items()},
        "milestones": [
            {"name": "one", "features": features, "validate": [{"kind": "command", "run": own}]},
        ],
        **more,
    }


def merged(mission: Mission, commit: Commit, without: str = "") -> str:
    """Each feature adds `<name>.py`; one that is `without` deletes `a.txt` besides."""
    base, repo = mission.repository.base, mission.root
    changes = {name: {f"{name}.py": ""} | ({"a.txt": None} if name in without else {}) for name in NAMES}
    return integrated(mission, [(name, commit(repo, changes[name], on=base)) for name in NAMES])


def judged(mission: Mission, tip: str) -> list[Verdict]:
    planned = mission.plan.milestone("one")
    return [v for v in Suite(mission, planned, mission.repository.base, tip, 1, {}).run() if not v.passed]


def found(mission: Mission, tip: str, failing: list[Verdict] | None = None) -> list[Culprits]:
    failing = judged(mission, tip) if failing is None else failing
    return find_culprits(mission, mission.plan.milestone("one"), mission.repository.base, tip, failing)


def tried(mission: Mission) -> int:
    return sum(event.kind is Kind.CHECK_TRIED for event in mission.ledger.events)


def test_the_feature_that_breaks_anothers_assertion_is_found_within_the_bound(
    new_mission: NewMission, commit: Commit
) -> None:
    mission = new_mission(blueprint({"c": "test -e c.py && test ! -e e.py || { echo c broke; exit 1; }"}))
    tip = merged(mission, commit)
    [culprits] = found(mission, tip)
    assert (culprits.check, culprits.commit, culprits.features) == ("VAL-C-001", tip, ["c", "e"])
    assert "c broke" in culprits.reason
    assert culprits.trials == tried(mission) <= 3 + 1 + 1
    [event] = [event for event in mission.ledger.events if event.kind is Kind.CULPRITS_FOUND]
    assert (event.data["milestone"], event.data["features"]) == ("one", ["c", "e"])


def test_what_was_found_is_not_looked_for_again(new_mission: NewMission, commit: Commit) -> None:
    mission = new_mission(blueprint({"b": "test -e b.py && test ! -e a.py"}))
    tip = merged(mission, commit)
    failing = judged(mission, tip)
    first, events = found(mission, tip, failing), len(mission.ledger.events)
    assert found(mission, tip, failing) == first
    assert len(mission.ledger.events) == events
    later = commit(mission.root, {"later": ""}, on=tip)
    assert culprits_behind(mission, "one", "VAL-B-001", later) == first[0]
    assert culprits_behind(mission, "one", "VAL-B-001", mission.repository.base) is None


def test_a_check_that_is_no_features_own_finds_both(new_mission: NewMission, commit: Commit) -> None:
    mission = new_mission(blueprint({}, own="test ! -e b.py || test ! -e e.py"))
    [culprits] = found(mission, merged(mission, commit))
    assert (culprits.check, culprits.features) == ("validate-1", ["b", "e"])
    assert culprits.trials <= 2 * 3 + 1 + 1


def test_each_check_is_looked_into_whether_one_is_to_blame_or_three(new_mission: NewMission, commit: Commit) -> None:
    assertions = {"a": "test -e a.py && ! ls c.py d.py", "d": "test -e missing", "e": "test -e e.py && ! ls b.py"}
    mission = new_mission(blueprint(assertions))
    culprits = {each.check: each for each in found(mission, merged(mission, commit))}
    assert {check: each.features for check, each in culprits.items()} == {
        "VAL-A-001": ["a", "c", "d"],
        "VAL-D-001": ["d"],
        "VAL-E-001": ["b", "e"],
    }
    assert culprits["VAL-D-001"].trials == 1
    assert "exit code 1" in culprits["VAL-D-001"].reason


def test_a_check_that_can_no_longer_look_was_broken_too(new_mission: NewMission, commit: Commit) -> None:
    mission = new_mission(blueprint({"d": "test -e d.py; test -e a.txt || exit 127"}))
    tip = merged(mission, commit, without="b")
    failing = judged(mission, tip)
    assert [verdict.status for verdict in failing] == ["inconclusive"]
    assert [each.features for each in found(mission, tip, failing)] == [["b", "d"]]


@pytest.mark.parametrize(
    ("assertions", "own"),
    [
        ({}, "test -e missing"),
        ({"c": "exit 127"}, "test -d ."),
        ({}, "test -e $COUNT/one || { touch $COUNT/one; exit 1; }"),
    ],
    ids=["it fails on the base too", "it can look nowhere", "it is flaky"],
)
def test_what_nobody_broke_has_no_culprits(
    new_mission: NewMission, commit: Commit, tmp_path: Path, assertions: dict[str, str], own: str
) -> None:
    mission = new_mission(blueprint(assertions, own.replace("$COUNT", str(tmp_path))))
    tip = merged(mission, commit)
    failing = judged(mission, tip)
    assert len(failing) == 1
    assert found(mission, tip, failing) == []


def test_what_was_seen_only_once_is_seen_again_before_anybody_is_blamed(
    new_mission: NewMission, commit: Commit, tmp_path: Path
) -> None:
    flaky = f"test -e c.py && {{ test -e {tmp_path}/seen || {{ touch {tmp_path}/seen; exit 1; }}; }}"
    mission = new_mission(blueprint({"c": flaky}, reruns=0))
    tip = merged(mission, commit)
    failing = judged(mission, tip)
    assert [verdict.status for verdict in failing] == ["failed"]
    assert found(mission, tip, failing) == []
    assert tried(mission) == 1


def test_a_stopped_mission_blames_nobody(new_mission: NewMission, commit: Commit) -> None:
    mission = new_mission(blueprint({"b": "test -e b.py && test ! -e a.py"}))
    tip = merged(mission, commit)
    failing = judged(mission, tip)
    mission.stop.set()
    assert found(mission, tip, failing) == []
    assert tried(mission) == 0
