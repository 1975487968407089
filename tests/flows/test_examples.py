"""The examples that come with Missions, as the README tells users to run them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, begin, git

EXAMPLES = Path(__file__).parents[2] / "blueprints" / "examples"


@pytest.fixture(scope="module")
def examples(new_missions: NewMissions) -> dict[str, Going]:
    """Every example on its own repository, at the same time."""
    prepare = {"quickstart": _seed, "library": _library}
    runs: dict[str, Going] = {}
    for name, make in prepare.items():
        missions = new_missions({})
        make(missions)
        runs[name] = begin(missions, EXAMPLES / name / "mission.yaml", "--yes")
    for run in runs.values():
        run.end()
    return runs


def _seed(missions: Missions) -> None:
    shutil.copytree(EXAMPLES / "quickstart" / "seed", missions.repo, dirs_exist_ok=True)
    git(missions.repo, "add", "-A")
    git(missions.repo, "commit", "-q", "-m", "The seed")


def _library(missions: Missions) -> None:
    shutil.rmtree(missions.repo)
    argv = [EXAMPLES / "library" / "prepare.sh", missions.repo]
    prepared = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert prepared.returncode == 0, prepared.stderr


def test_the_quickstart_passes_with_one_conflict_one_retry_and_one_repair(examples: dict[str, Going]) -> None:
    run = examples["quickstart"]
    report = run.report()
    assert (run.process.returncode, report["status"], report["reason"]) == (0, "passed", "")
    merges = [merge["how"] for m in report["milestones"] for merge in m["integration"]["merges"]]
    assert merges.count("resolved") == 1
    assert len(run.events("worker_failed")) == 1
    assert [f["id"] for m in report["milestones"] for f in m["features"] if f["attempts"] > 1] == ["summary"]
    assert (report["totals"]["repairs"], [m["rounds"] for m in report["milestones"]]) == (1, [1, 2])
    assert run.most_at_once() == 3
    assert git(run.repo, "status", "--porcelain") == ""


def test_the_library_example_passes_with_six_features_at_once(examples: dict[str, Going]) -> None:
    run = examples["library"]
    assert (run.process.returncode, run.report()["reason"]) == (0, "")
    assert [(m["status"], len(m["features"])) for m in run.report()["milestones"]] == [("sealed", 8), ("sealed", 4)]
    assert run.most_at_once() == 6
    own_tests = [v for v in run.milestone("release-notes")["verdicts"] if v["says"] == "the library's own tests"]
    assert [(v["status"], v["commit"]) for v in own_tests] == [("passed", run.tip())]
