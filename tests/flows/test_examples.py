"""The examples that come with Missions, as the README tells users to run them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, begin, git
from validators.chromium import browsers_folder

EXAMPLES = Path(__file__).parents[2] / "blueprints" / "examples"
BROWSERS = browsers_folder()  # of whoever runs the tests, whose home is emptied later


@pytest.fixture(scope="module")
def examples(new_missions: NewMissions) -> dict[str, Going]:
    """Every example on its own repository, at the same time."""
    prepare = {"quickstart": _seed, "library": _library}
    runs: dict[str, Going] = {}
    for name, make in prepare.items():
        missions = new_missions({})
        missions.fresh = True  # what users have: nothing is prepared
        missions.variables["PLAYWRIGHT_BROWSERS_PATH"] = str(BROWSERS)
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
    assert merges.count("union") == 1
    assert len(run.events("worker_failed")) == 1
    assert [f["id"] for m in report["milestones"] for f in m["features"] if f["attempts"] > 1] == ["summary"]
    assert (report["totals"]["repairs"], [m["rounds"] for m in report["milestones"]]) == (1, [1, 2])
    assert [m["repaired"] for m in report["milestones"]] == [[], ["VAL-CSV-003"]]
    assert run.most_at_once() == 3
    assert git(run.repo, "status", "--porcelain") == ""


def test_the_quickstart_s_whole_contract_holds_at_the_delivered_commit(examples: dict[str, Going]) -> None:
    run = examples["quickstart"]
    contract = run.report()["contract"]
    assert len(contract) == 11
    assert {entry["commit"] for entry in contract} == {run.tip()}
    assert {status for entry in contract for status in entry["checks"].values()} == {"passed"}
    kinds = {verdict["kind"] for verdict in run.milestone("exchange")["verdicts"]}
    assert kinds == {"command", "http", "browser", "review", "user-test"}


def test_before_the_work_only_the_quickstart_s_invariant_holds(examples: dict[str, Going]) -> None:
    seen = examples["quickstart"].events("check_witnessed")
    assert {event["id"] for event in seen if event["status"] == "passed"} == {"VAL-KEEP-001"}
    assert len({event["assertion"] for event in seen}) == 10  # all but the one that a tester judges


def test_the_quickstart_s_features_bring_tests_that_fail_without_them(examples: dict[str, Going]) -> None:
    tests = {f["id"]: f["tests"] for m in examples["quickstart"].report()["milestones"] for f in m["features"]}
    assert len(tests) == 7
    for name, witnessed in tests.items():
        assert len(witnessed["files"]) == 1, name
        assert witnessed["red"].startswith("exit code 1"), name
        assert witnessed["green"] == "exit code 0", name


def test_the_quickstart_s_report_shows_screenshots_of_the_page(examples: dict[str, Going]) -> None:
    run = examples["quickstart"]
    [browser] = [v for v in run.milestone("exchange")["verdicts"] if v["kind"] == "browser"]
    screenshots = [path for path in browser["evidence"] if path.endswith(".png")]
    page = (run.folder / "report.html").read_text()
    assert len(screenshots) == 3
    for path in screenshots:
        assert f'src="{path}"' in page
        assert (run.folder / path).read_bytes().startswith(b"\x89PNG")


def test_what_the_quickstart_s_reviewer_suggests_is_kept_for_later(examples: dict[str, Going]) -> None:
    findings = examples["quickstart"].report()["findings"]
    kept = [(f["severity"], f["about"], f["fate"]) for f in findings if f["source"] == "validate-1"]
    assert kept == [("suggestion", "csv-load", "backlog")]


def test_the_quickstart_s_tester_leaves_what_the_program_answered(examples: dict[str, Going]) -> None:
    run = examples["quickstart"]
    evidence = run.folder / "evidence" / "exchange" / "VAL-WEB-004" / "round-2"
    assert "Pennies: 84.20" in (evidence / "page.html").read_text()
    assert len((evidence / "expenses.csv").read_text().splitlines()) == 6


def test_the_library_example_passes_with_six_features_at_once(examples: dict[str, Going]) -> None:
    run = examples["library"]
    assert (run.process.returncode, run.report()["reason"]) == (0, "")
    assert [(m["status"], len(m["features"])) for m in run.report()["milestones"]] == [("sealed", 8), ("sealed", 4)]
    assert run.most_at_once() == 6
    own_tests = [v for v in run.milestone("release-notes")["verdicts"] if v["says"] == "the library's own tests"]
    assert [(v["status"], v["commit"]) for v in own_tests] == [("passed", run.tip())]


def test_the_library_s_own_tests_are_run_as_they_were_published(examples: dict[str, Going]) -> None:
    verdicts = {v["says"]: v for v in examples["library"].milestone("release-notes")["verdicts"]}
    assert verdicts["the library's own tests"]["reason"].startswith("423 passed")
