from __future__ import annotations

import os
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from blueprints.load import load_text
from blueprints.plan import Plan
from ledger.events import Kind, Ledger
from ledger.folder import RunFolder, all_runs, create, find, new_run_id

PROJECT = Path(__file__).parents[2]
TEXT = """\
mission: demo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
milestones: [{name: one, features: [{id: a, spec: Do a., fulfills: [], because: It is a test.}]}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> RunFolder:
    return new_run(home, "demo-20250101-aaaaaa")


def plan() -> Plan:
    return load_text(TEXT, "mission.yaml", PROJECT).plan


def new_run(home: Path, run: str) -> RunFolder:
    """A run as acceptance leaves it; each is a second older than the next in time of day."""
    folder = RunFolder(home, run)
    create(folder, TEXT, plan())
    Ledger(folder.ledger).append(Kind.MISSION_ACCEPTED, run=run)
    return folder


def set_age(folder: RunFolder, seconds: int) -> None:
    os.utime(folder.plan_file, (1_000_000 - seconds, 1_000_000 - seconds))


def test_a_run_id_says_which_mission_and_day(home: Path) -> None:
    mission, day, number = new_run_id("import-export").rsplit("-", 2)
    assert (mission, len(day), len(number)) == ("import-export", 8, 6)
    assert new_run_id("demo") != new_run_id("demo")


def test_an_accepted_run_keeps_blueprint_and_plan(folder: RunFolder) -> None:
    assert folder.blueprint.read_text() == TEXT
    assert folder.plan() == plan()


@pytest.mark.parametrize("text", ["", "{", '{"blueprint": {}}', '{"blueprint": 1, "surplus": 2}'])
def test_a_plan_that_is_none_is_said_in_a_sentence(folder: RunFolder, text: str) -> None:
    folder.plan_file.write_text(text)
    with pytest.raises(MissionError) as error:
        folder.plan()
    assert str(error.value).startswith(f"{folder.plan_file}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["..", "../../elsewhere", "/etc", "demo", "demo-20250101-aaaaaa/..", "-x", ""])
def test_a_run_has_no_name_that_leaves_its_folder(home: Path, name: str) -> None:
    with pytest.raises(MissionError, match="is not the name of a run"):
        RunFolder(home, name)


def test_a_home_without_runs_is_said(home: Path) -> None:
    with pytest.raises(MissionError, match=r"there is no run in .* yet; start one with `mission run BLUEPRINT`"):
        find(home, None)


def test_all_runs_are_listed_oldest_first(home: Path) -> None:
    runs = [new_run(home, f"demo-20250101-{letter * 6}") for letter in "bca"]
    for age, folder in zip((30, 20, 10), runs, strict=True):
        set_age(folder, age)
    assert all_runs(home) == runs


def test_what_is_not_a_run_is_not_listed(home: Path, folder: RunFolder) -> None:
    (home / "runs" / "notes").mkdir()
    (home / "runs" / "demo-20250101-bbbbbb").mkdir()
    assert all_runs(home) == [folder]


@pytest.mark.parametrize("text", [b"", b'{"timestamp":', bytes(300)], ids=["empty", "torn", "zeros"])
def test_a_run_whose_first_line_was_lost_was_never_accepted(home: Path, folder: RunFolder, text: bytes) -> None:
    folder.ledger.write_bytes(text)
    assert all_runs(home) == []


def test_the_latest_run_is_found_without_a_name(home: Path, folder: RunFolder) -> None:
    later = new_run(home, "demo-20250101-000000")
    set_age(folder, 10)
    set_age(later, 5)
    assert find(home, None) == later


def test_a_run_is_found_by_its_name_though_another_begins_with_it(home: Path) -> None:
    short = new_run(home, "a-20250101-aaaaaa")
    new_run(home, "a-20250101-aaaaaa-20250101-aaaaaa")
    assert find(home, "a-20250101-aaaaaa") == short


def test_a_run_is_found_by_a_unique_beginning(home: Path, folder: RunFolder) -> None:
    new_run(home, "other-20250101-bbbbbb")
    assert find(home, "dem") == folder


def test_an_ambiguous_beginning_is_said_with_what_it_could_be(home: Path, folder: RunFolder) -> None:
    other = new_run(home, "demo-20250101-bbbbbb")
    with pytest.raises(MissionError) as error:
        find(home, "demo")
    assert folder.run in str(error.value)
    assert other.run in str(error.value)


def test_an_unknown_run_is_said(home: Path, folder: RunFolder) -> None:
    with pytest.raises(MissionError, match="no run is called 'nope'; `mission list` shows them all"):
        find(home, "nope")


def test_a_run_that_nobody_owns_is_not_alive(folder: RunFolder) -> None:
    assert not folder.alive()


def test_a_run_is_alive_while_it_is_owned(folder: RunFolder) -> None:
    with folder.own():
        assert folder.alive()
    assert not folder.alive()


def test_asking_whether_it_is_alive_does_not_keep_an_owner_out(folder: RunFolder) -> None:
    for _ in range(50):
        folder.alive()
        with folder.own():
            pass
