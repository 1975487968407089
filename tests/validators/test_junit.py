from __future__ import annotations

import threading
from pathlib import Path

import pytest

from blueprints.checks import JunitCheck
from validators.base import Bench, Observation
from validators.junit import JunitValidator

PASS = "<testsuite><testcase classname='A' name='good'/></testsuite>"
FAIL = "<testsuite><testcase classname='B' name='bad'><failure message='it broke'/></testcase></testsuite>"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path) -> Path:
    """A checkout with a folder for reports; what the tested command would write lies beside it."""
    (tmp_path / "checkout" / "out").mkdir(parents=True)
    (tmp_path / "pass.xml").write_text(PASS)
    (tmp_path / "fail.xml").write_text(FAIL)
    return tmp_path / "checkout"


def look(folder: Path, line: str, *, junit: str = "out/*.xml", **settings: object) -> Observation:
    check = JunitCheck.model_validate({"kind": "junit", "run": line, "junit": junit, **settings})
    return JunitValidator(check).look(Bench(folder / "checkout", folder / "evidence", threading.Event()))


def test_the_results_of_all_files_count(tmp_path: Path) -> None:
    seen = look(tmp_path, "cp ../pass.xml out/1.xml; cp ../fail.xml out/2.xml; exit 1")
    assert (seen.status, seen.reason, seen.exit_code) == ("failed", "1 of 2 tests failed: B::bad: it broke", 1)
    assert seen.tests == {"A::good": "passed", "B::bad": "failed"}


def test_passing_results_pass(tmp_path: Path) -> None:
    seen = look(tmp_path, "cp ../pass.xml out/1.xml")
    assert (seen.status, seen.reason, seen.exit_code) == ("passed", "1 passed", 0)


def test_files_may_be_found_at_any_depth(tmp_path: Path) -> None:
    seen = look(tmp_path, "mkdir -p a/b; cp ../pass.xml a/b/TEST-x.xml", junit="**/TEST-*.xml")
    assert seen.status == "passed"


def test_failed_results_fail_although_the_command_exits_with_0(tmp_path: Path) -> None:
    assert look(tmp_path, "cp ../fail.xml out/1.xml").status == "failed"


def test_a_selected_test_must_have_run(tmp_path: Path) -> None:
    line = "cp ../pass.xml out/1.xml"
    assert look(tmp_path, line, tests=["A::good", "A"]).status == "passed"
    assert look(tmp_path, line, tests=["A::other"]).reason == "selected tests did not run: A::other"


def test_older_files_do_not_count(tmp_path: Path, checkout: Path) -> None:
    (checkout / "out" / "old.xml").write_text(FAIL)
    assert look(tmp_path, "cp ../pass.xml out/1.xml").tests == {"A::good": "passed"}


def test_no_file_is_inconclusive(tmp_path: Path, checkout: Path) -> None:
    (checkout / "out" / "old.xml").write_text(PASS)
    seen = look(tmp_path, "echo all fine")
    assert (seen.status, seen.exit_code) == ("inconclusive", 0)
    assert seen.reason == "no out/*.xml was written (exit code 0): all fine"


def test_one_torn_file_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, "cp ../pass.xml out/1.xml; head -c 30 ../pass.xml > out/2.xml")
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("2.xml is no well-formed XML: ")


def test_a_command_that_is_not_found_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, "cp ../pass.xml out/1.xml; no-such-runner")
    assert (seen.status, seen.exit_code) == ("inconclusive", 127)


@pytest.mark.parametrize("pattern", ["../*.xml", "out/../../*.xml", "/tmp/*.xml"])
def test_a_pattern_that_leaves_the_checkout_is_inconclusive(tmp_path: Path, pattern: str) -> None:
    seen = look(tmp_path, "touch ran", junit=pattern)
    assert (seen.status, seen.reason) == ("inconclusive", f"nothing was run: {pattern} leads out of the checkout")
    assert (tmp_path / "pass.xml").exists()


def test_a_folder_that_is_a_link_out_of_the_checkout_is_left_alone(tmp_path: Path, checkout: Path) -> None:
    (checkout / "link").symlink_to(tmp_path)
    seen = look(tmp_path, "true", junit="link/*.xml")
    assert (seen.status, seen.reason) == ("inconclusive", "nothing was run: link/fail.xml leads out of the checkout")
    assert (tmp_path / "pass.xml").exists()


def test_a_link_out_of_the_checkout_is_not_read(tmp_path: Path) -> None:
    seen = look(tmp_path, "ln -s ../../pass.xml out/1.xml")
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("1.xml is a link that leads out of checkout")


def test_a_link_is_removed_rather_than_what_it_points_to(tmp_path: Path, checkout: Path) -> None:
    (checkout / "out" / "old.xml").symlink_to(tmp_path / "fail.xml")
    assert look(tmp_path, "cp ../pass.xml out/1.xml").status == "passed"
    assert (tmp_path / "fail.xml").exists()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    seen = look(tmp_path, "mkfifo out/pipe.xml", junit="out/pipe.xml")
    assert seen.status == "inconclusive"


def test_a_file_that_is_too_large_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, "truncate -s 60M out/1.xml")
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("1.xml is larger than 50 MB")
