"""Whose a check is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.accepted import NewMission
from tests.conftest import Data
from tests.integrated import integrated
from validators import base as results
from validators import recorded_results
from validators.base import Verdict
from validators.owners import owners
from workspaces.mission import Mission
from workspaces.parts import Parts

PASSED, FAILED = results.TestResult.PASSED, results.TestResult.FAILED
CHECK = {"kind": "command", "run": "make test"}
BLUEPRINT: Data = {
    "contract": {"VAL-B-001": {"says": "It works.", "check": CHECK}},
    "milestones": [
        {
            "name": "one",
            "features": [{"id": "a", "spec": "Do a."}, {"id": "b", "spec": "Do b.", "fulfills": ["VAL-B-001"]}],
        }
    ],
}


def judged(mission: Mission, name: str, tests: dict[str, results.TestResult]) -> Verdict:
    """A failed verdict that these results were kept of."""
    folder = mission.folder.evidence("one", name)
    folder.mkdir(parents=True)
    recorded_results.write(folder, tests)
    texts = dict.fromkeys(("kind", "says", "commit", "contract", "environment", "command", "reason"), "")
    facts: Data = {"exitCode": 1, "seconds": 0, "runs": [], "evidence": [], "status": "failed"}
    seen = str(folder.relative_to(mission.folder.path))
    return Verdict.model_validate(
        {**texts, **facts, "id": name, "seen": seen, "results": recorded_results.digest_of(tests)}
    )


@pytest.mark.parametrize(
    ("name", "tests", "expected"),
    [
        ("VAL-B-001", {"test_a.py::test_it": FAILED}, ["b"]),
        ("validator-1", {"test_a.py::test_it": FAILED, "test_b.py::test_it": PASSED}, ["a"]),
        ("validator-1", {"test_a.py::test_it": FAILED, "test_b.py::test_it": FAILED}, []),
        ("validator-1", {"test_old.py::test_it": FAILED}, []),
        ("validator-1", {"test_it": FAILED}, []),
        ("validator-1", {}, []),
    ],
    ids=["its assertion", "it added the tests", "two added them", "nobody added them", "no files", "no results"],
)
def test_a_check_belongs_to_the_feature_without_which_it_could_not_fail(
    new_mission: NewMission,
    repo: Path,
    commit: Callable[..., str],
    name: str,
    tests: dict[str, results.TestResult],
    expected: list[str],
) -> None:
    base = commit(repo, {"test_old.py": ""})
    mission = new_mission(BLUEPRINT)
    changes = {"a": {"test_a.py": "a", "test_old.py": "a"}, "b": {"test_b.py": "b"}}
    tip = integrated(mission, [(feature, commit(repo, files, on=base)) for feature, files in changes.items()])
    parts, milestone = Parts.of(mission, "one", base, tip), mission.plan.milestone("one")
    planned = next(check for check in milestone.checks if check.id == name)
    assert owners(mission, milestone, parts, base, planned, judged(mission, name, tests)) == expected
