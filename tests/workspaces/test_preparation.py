from __future__ import annotations

import threading
from pathlib import Path

import pytest

from workspaces.preparation import NotPreparedError, prepare


def refused(folder: Path, *setup: str, stop: threading.Event | None = None) -> str:
    with pytest.raises(NotPreparedError) as error:
        prepare(folder, setup, stop=stop)
    return str(error.value)


def test_no_setup_is_nothing_to_do(tmp_path: Path) -> None:
    prepare(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_lines_run_in_order_in_the_folder(tmp_path: Path) -> None:
    prepare(tmp_path, ["echo one > a", "cat a > b"])
    assert (tmp_path / "b").read_text() == "one\n"


def test_what_they_print_is_in_the_transcript(tmp_path: Path) -> None:
    prepare(tmp_path, ["echo one", "echo two >&2"], transcript=tmp_path / "log")
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_the_first_line_that_fails_is_named_with_its_end(tmp_path: Path) -> None:
    said = refused(tmp_path, "true", "echo no network; exit 3", "touch late")
    assert said == "setup `echo no network; exit 3` did not work (exit code 3): no network"
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize("line", ["false | true", "false; true", "echo $NO_SUCH_VARIABLE"])
def test_a_mistake_anywhere_in_a_line_counts(tmp_path: Path, line: str) -> None:
    assert "did not work (exit code 1)" in refused(tmp_path, line)


def test_a_stopped_mission_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert "did not work (stopped)" in refused(tmp_path, "sleep 1000", stop=stop)


def test_only_the_end_of_much_output_is_told(tmp_path: Path) -> None:
    said = refused(tmp_path, "seq 100000; false")
    assert said.endswith("99999\n100000")
    assert len(said) < 1000


def test_nothing_it_started_goes_on(tmp_path: Path) -> None:
    prepare(tmp_path, ["sleep 1000 & echo $! > pid"])
    assert "did not work" in refused(tmp_path, f"kill -0 {(tmp_path / 'pid').read_text().strip()}")
