from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from blueprints.checks import PytestCheck
from validators.base import Bench, Observation
from validators.pytest import PytestValidator

RUN = f"{sys.executable} -m pytest -q"
PASS = "def test_good():\n    pass\n"
FAIL = "def test_bad():\n    assert 1 == 2, 'it broke'\n"


def look(
    folder: Path,
    files: dict[str, str],
    *,
    about: tuple[str, ...] = (),
    **settings: object,
) -> Observation:
    """What a pytest check says about a checkout of these files."""
    for name, text in files.items():
        path = folder / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "evidence").mkdir(exist_ok=True)
    check = PytestCheck.model_validate({"kind": "pytest", "run": RUN, **settings})
    bench = Bench(folder / "checkout", folder / "evidence", threading.Event(), tests=about)
    return PytestValidator(check).look(bench)


def test_passing_tests_pass_by_their_ids(tmp_path: Path) -> None:
    suite = f"""import pytest, unittest
{PASS}
@pytest.mark.skip
def test_later(): pass
@pytest.mark.xfail
def test_known(): assert 0
class TestX:
    @pytest.mark.parametrize("text", ["a::b", "a]/"])
    def test_y(self, text): pass
    class TestInner:
        def test_z(self): pass
class Case(unittest.TestCase):
    def test_u(self): pass
"""
    seen = look(tmp_path, {"tests/a.b/test_x.py": suite})
    assert (seen.status, seen.reason, seen.exit_code) == ("passed", "5 passed, 2 skipped", 0)
    assert seen.tests == {
        "tests/a.b/test_x.py::test_good": "passed",
        "tests/a.b/test_x.py::test_later": "skipped",
        "tests/a.b/test_x.py::test_known": "skipped",
        "tests/a.b/test_x.py::TestX::test_y[a::b]": "passed",
        "tests/a.b/test_x.py::TestX::test_y[a]/]": "passed",
        "tests/a.b/test_x.py::TestX::TestInner::test_z": "passed",
        "tests/a.b/test_x.py::Case::test_u": "passed",
    }


def test_failing_tests_fail_by_their_ids(tmp_path: Path) -> None:
    suite = f"""import pytest
{PASS}
{FAIL}
@pytest.mark.xfail(strict=True)
def test_unexpected(): pass
@pytest.fixture
def resource():
    yield
    assert 0, "not closed"
def test_leaves(resource): pass
"""
    seen = look(tmp_path, {"test_x.py": suite})
    assert (seen.status, seen.exit_code) == ("failed", 1)
    assert seen.tests == {
        "test_x.py::test_good": "passed",
        "test_x.py::test_bad": "failed",
        "test_x.py::test_unexpected": "failed",
        "test_x.py::test_leaves": "failed",
    }
    assert seen.reason.startswith("3 of 4 tests failed: test_x.py::test_bad: AssertionError: it broke; ")


def test_a_file_that_cannot_be_collected_fails_by_its_path(tmp_path: Path) -> None:
    seen = look(tmp_path, {"tests/test_x.py": "import no_such_module\n", "tests/test_y.py": PASS})
    assert (seen.status, seen.tests) == ("failed", {"tests/test_x.py": "failed"})
    assert "tests/test_x.py: ModuleNotFoundError: No module named 'no_such_module'" in seen.reason


def test_an_inherited_test_belongs_to_the_file_that_collects_it(tmp_path: Path) -> None:
    base = "class Base:\n    def test_b(self): pass\n"
    files = {"base.py": base, "tests/test_x.py": "from base import Base\nclass TestX(Base): pass\n"}
    seen = look(tmp_path, files, run=f"{RUN} -o pythonpath=.")
    assert seen.tests == {"tests/test_x.py::TestX::test_b": "passed"}


def test_ids_are_relative_to_the_checkout_where_pytest_has_another_root(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\n", "back/pytest.ini": "[pytest]\n", "back/tests/test_x.py": PASS}
    seen = look(tmp_path, {**files, "tests/test_x.py": FAIL}, tests=["back/tests/test_x.py::test_good"])
    assert (seen.status, seen.tests) == ("passed", {"back/tests/test_x.py::test_good": "passed"})


def test_only_the_paths_and_tests_that_are_named_run(tmp_path: Path) -> None:
    files = {"a b/test_x.py": PASS, "test_y.py": FAIL + PASS, "test_z.py": FAIL}
    seen = look(tmp_path, files, paths=["a b"], tests=["test_y.py::test_good"])
    assert seen.tests == {"a b/test_x.py::test_good": "passed", "test_y.py::test_good": "passed"}


def test_files_that_a_feature_added_run_too(tmp_path: Path) -> None:
    files = {"test_x.py": PASS, "-k test_y.py": PASS, "test_z.py": PASS, "test_other.py": FAIL}
    seen = look(tmp_path, files, paths=["test_x.py"], about=("-k test_y.py", "test_z.py"))
    assert sorted(seen.tests or ()) == ["-k test_y.py::test_good", "test_x.py::test_good", "test_z.py::test_good"]


def test_a_selected_test_that_is_deselected_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, {"test_x.py": PASS + FAIL}, run=f"{RUN} -k good", tests=["test_x.py::test_bad", "test_x.py"])
    assert (seen.status, seen.reason) == ("inconclusive", "selected tests did not run: test_x.py::test_bad")


def test_a_selected_file_that_does_not_exist_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, {"test_x.py": PASS}, tests=["test_y.py::test_good"])
    assert (seen.status, seen.exit_code) == ("inconclusive", 4)
    assert "file or directory not found: test_y.py" in seen.reason


def test_no_test_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, {"test_x.py": "x = 1\n"})
    assert (seen.status, seen.reason, seen.exit_code) == ("inconclusive", "pytest collected no test", 5)


def test_only_skipped_tests_are_inconclusive(tmp_path: Path) -> None:
    skipped = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
    seen = look(tmp_path, {"test_x.py": skipped})
    assert (seen.status, seen.reason) == ("inconclusive", "no test ran: 1 skipped")
    assert seen.tests == {"test_x.py": "skipped"}


def test_a_run_that_ends_with_0_before_it_wrote_results_is_inconclusive(tmp_path: Path) -> None:
    conftest = "import os\nprint('1 passed in 0.01s', flush=True)\nos._exit(0)\n"
    seen = look(tmp_path, {"conftest.py": conftest, "test_x.py": FAIL})
    assert (seen.status, seen.exit_code) == ("inconclusive", 0)
    assert seen.reason.startswith("no junit.xml was written (exit code 0): ")


def test_a_run_that_a_test_ends_with_0_is_inconclusive(tmp_path: Path) -> None:
    leaving = "import pytest\ndef test_leaves(): pytest.exit('bye', returncode=0)\n"
    seen = look(tmp_path, {"test_x.py": PASS + leaving + FAIL})
    assert (seen.status, seen.exit_code) == ("inconclusive", 0)
    assert "cut short" in seen.reason


def test_a_swallowed_exit_code_does_not_pass(tmp_path: Path) -> None:
    wrapper = f'python() {{ {sys.executable} "$@" || true; }}\npython -m pytest -q\n'
    seen = look(tmp_path, {"test_x.py": FAIL}, run=wrapper)
    assert (seen.status, seen.exit_code) == ("failed", 0)


def test_an_exit_code_of_a_plugin_does_not_pass(tmp_path: Path) -> None:
    conftest = "def pytest_sessionfinish(session):\n    print('too slow')\n    session.exitstatus = 9\n"
    seen = look(tmp_path, {"conftest.py": conftest, "test_x.py": PASS})
    assert seen.status == "failed"
    assert seen.reason.startswith("exit code 9 although no test failed: ")


def test_results_of_an_earlier_run_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "junit.xml").write_text("<testsuite><testcase name='old'/></testsuite>")
    assert (
        look(tmp_path, {"test_x.py": PASS}, run="true").reason
        == "no junit.xml was written (exit code 0): it printed nothing"
    )


def test_a_pytest_that_is_missing_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, {"test_x.py": PASS}, run="no-such-pytest")
    assert (seen.status, seen.exit_code) == ("inconclusive", 127)


def test_a_run_that_takes_too_long_is_inconclusive(tmp_path: Path) -> None:
    seen = look(tmp_path, {"test_x.py": PASS}, run="sleep 1000; true", timeout=0.3)
    assert (seen.status, seen.reason) == ("inconclusive", "still running after its time limit of 0.3 s")


def test_results_and_output_are_evidence_outside_of_the_checkout(tmp_path: Path) -> None:
    look(tmp_path, {"test_x.py": PASS})
    assert {path.name for path in (tmp_path / "checkout").iterdir()} - {"__pycache__"} == {"test_x.py"}
    assert (tmp_path / "evidence" / "junit.xml").is_file()
    assert "1 passed" in (tmp_path / "evidence" / "output.log").read_text()


@pytest.mark.parametrize("content", ["<testsuites>", "", "<!DOCTYPE a [<!ENTITY b 'c'>]><testsuites>&b;</testsuites>"])
def test_results_that_are_torn_are_inconclusive(tmp_path: Path, content: str) -> None:
    line = f'cat > "$MISSION_EVIDENCE/junit.xml" <<"END"\n{content}\nEND\ntrue'
    seen = look(tmp_path, {"test_x.py": PASS}, run=line)
    assert seen.status == "inconclusive"
    assert seen.reason.startswith("junit.xml is no well-formed XML: ")
