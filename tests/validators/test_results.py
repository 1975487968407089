from __future__ import annotations

import pytest

from blueprints.checks import JunitCheck
from validators.base import Observation
from validators.report_file import UnreadableError
from validators.results import Results, cases, combine, judge
from workspaces.process import Ended, Finished

PASS = '<testcase classname="a.T" name="good"/>'
FAIL = '<testcase classname="a.T" name="bad"><failure message="it broke&#10;at length">trace</failure></testcase>'
SKIP = '<testcase classname="a.T" name="later"><skipped/></testcase>'


def results(*parts: str, attributes: str = "") -> Results:
    document = f"<testsuites><testsuite name='all' {attributes}>{''.join(parts)}</testsuite></testsuites>"
    return combine(cases(document.encode(), "junit.xml"))


def judged(
    *parts: str, code: int = 0, output: str = "the end", attributes: str = "", **settings: object
) -> Observation:
    check = JunitCheck.model_validate({"kind": "junit", "run": "x", "junit": "x.xml", **settings})
    finished = Finished(("x",), Ended.EXITED, code, 0.1, output)
    return judge(check, results(*parts, attributes=attributes), finished)


def said(observation: Observation) -> tuple[str, str]:
    return observation.status, observation.reason


def test_an_id_is_the_class_and_the_name() -> None:
    assert results(PASS).tests == {"a.T::good": "passed"}


def test_without_a_class_the_file_stands_in() -> None:
    assert [*results('<testcase file="a.spec" name="adds up"/>').tests] == ["a.spec::adds up"]


def test_without_class_and_file_the_suite_stands_in() -> None:
    assert [*results('<testcase name="adds up"/>').tests] == ["all::adds up"]


@pytest.mark.parametrize("child", ["failure", "error", "flakyFailure", "rerunError"])
def test_a_test_with_a_failure_failed(child: str) -> None:
    assert results(f'<testcase classname="c" name="n"><{child}/></testcase>').tests == {"c::n": "failed"}


@pytest.mark.parametrize(
    "test",
    [
        '<testcase classname="c" name="n"><skipped type="pytest.xfail" message=""/></testcase>',
        '<testcase classname="c" name="n"><disabled/></testcase>',
        '<testcase classname="c" name="n" status="notrun" result="suppressed"/>',
    ],
)
def test_a_test_that_did_not_run_is_skipped(test: str) -> None:
    assert results(test).tests == {"c::n": "skipped"}


def test_a_status_of_failed_needs_no_child() -> None:
    assert results('<testcase classname="c" name="n" status="failed"/>').tests == {"c::n": "failed"}


@pytest.mark.parametrize("parts", [(FAIL, PASS), (PASS, FAIL)])
def test_a_test_that_failed_and_was_run_again_failed(parts: tuple[str, str]) -> None:
    again = results(*(part.replace("good", "same").replace("bad", "same") for part in parts))
    assert again.tests == {"a.T::same": "failed"}


def test_a_test_with_a_skipped_and_a_passed_run_passed() -> None:
    assert results(PASS, SKIP.replace("later", "good")).tests == {"a.T::good": "passed"}


def test_suites_may_be_nested_and_have_namespaces() -> None:
    document = f'<j:testsuite xmlns:j="urn:j"><j:testsuite>{PASS}</j:testsuite>{FAIL}</j:testsuite>'
    assert combine(cases(document.encode(), "x.xml")).tests == {"a.T::good": "passed", "a.T::bad": "failed"}


@pytest.mark.parametrize("document", ["", "<testsuite>", "<testsuite></testsuites>", "no xml", "<testsuite/>more"])
def test_xml_that_is_torn_is_unreadable(document: str) -> None:
    with pytest.raises(UnreadableError, match=r"junit\.xml is no well-formed XML"):
        cases(document.encode(), "junit.xml")


def test_xml_that_defines_entities_is_unreadable() -> None:
    document = f'<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite name="&b;">{PASS}</testsuite>'
    with pytest.raises(UnreadableError, match="it defines entities"):
        cases(document.encode(), "junit.xml")


def test_xml_of_another_kind_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="no JUnit XML: it begins with <html>"):
        cases(b"<html/>", "junit.xml")


def test_very_deep_xml_is_read() -> None:
    depth = 100_000
    document = "<testsuite>" * depth + PASS + "</testsuite>" * depth
    assert combine(cases(document.encode(), "x.xml")).tests == {"a.T::good": "passed"}


def test_all_passed_is_a_pass() -> None:
    observation = judged(PASS, SKIP)
    assert said(observation) == ("passed", "1 passed, 1 skipped")
    assert (observation.exit_code, observation.tests) == (0, {"a.T::good": "passed", "a.T::later": "skipped"})


@pytest.mark.parametrize("code", [0, 1])
def test_a_failed_test_fails_whatever_the_exit_code(code: int) -> None:
    observation = judged(PASS, FAIL, SKIP, code=code)
    assert said(observation) == ("failed", "1 of 2 tests failed: a.T::bad: it broke")


def test_ten_failed_tests_are_named() -> None:
    reason = judged(*(FAIL.replace("bad", f"bad{number}") for number in range(12)), code=1).reason
    assert reason.startswith("12 of 12 tests failed: a.T::bad0: it broke; ")
    assert reason.endswith("; a.T::bad9: it broke; and 2 more")


def test_a_long_message_is_cut() -> None:
    assert len(judged(FAIL.replace("it broke", "x" * 100_000)).reason) < 400


def test_no_test_is_inconclusive() -> None:
    assert said(judged()) == ("inconclusive", "the command ran no test")


def test_no_test_and_an_exit_code_show_the_end_of_the_output() -> None:
    assert said(judged(code=4)) == ("inconclusive", "the command ran no test (exit code 4): the end")


def test_only_skipped_tests_are_inconclusive() -> None:
    assert said(judged(SKIP)) == ("inconclusive", "no test ran: 1 skipped")


def test_an_exit_code_without_a_failed_test_fails() -> None:
    assert said(judged(PASS, code=3)) == ("failed", "exit code 3 although no test failed: the end")


def test_a_test_that_was_cut_short_is_inconclusive() -> None:
    observation = judged(PASS, '<testcase time="0.0"/>')
    assert said(observation) == ("inconclusive", "the run was cut short: 1 begun without a result: the end")


def test_a_suite_that_counts_a_failure_no_test_shows_fails() -> None:
    assert said(judged(PASS, attributes='errors="1"')) == ("failed", "1 of 2 tests failed: all: the suite failed")


def test_a_suite_with_an_error_of_its_own_fails() -> None:
    observation = judged(PASS, '<error message="no database"/>')
    assert said(observation) == ("failed", "1 of 2 tests failed: all: no database")


IDS = ["tests/a/test_x.py::TestX::test_y[1]", "tests/a/test_x.py::test_z"]
SELECTABLE = [f'<testcase classname="{c}" name="{n}"/>' for c, n in (i.rsplit("::", 1) for i in IDS)]


@pytest.mark.parametrize(
    "entry",
    [
        "tests",
        "tests/",
        "./tests/a",
        "tests/a/test_x.py",
        "tests/a/test_x.py::",
        "tests/a/test_x.py::TestX",
        "tests/a/test_x.py::TestX::test_y",
        "tests/a/test_x.py::TestX::test_y[1]",
        "tests/a/test_x.py::test_z",
    ],
)
def test_a_selected_test_is_found_by_a_beginning_of_its_id(entry: str) -> None:
    assert judged(*SELECTABLE, tests=[entry]).status == "passed"


@pytest.mark.parametrize(
    "entry",
    [
        "test_x.py",
        "tests/a/test",
        "tests/a/test_x.py::Test",
        "tests/a/test_x.py::TestX::test_y[",
        "tests/a/test_x.py::TestX::test_y[2]",
        "tests/b",
    ],
)
def test_a_selected_test_that_did_not_run_is_inconclusive(entry: str) -> None:
    assert said(judged(*SELECTABLE, tests=["tests", entry])) == (
        "inconclusive",
        f"selected tests did not run: {entry}",
    )


def test_a_selected_test_that_was_skipped_is_inconclusive() -> None:
    assert said(judged(PASS, SKIP, tests=["a.T::later"])) == (
        "inconclusive",
        "selected tests did not run: a.T::later",
    )


def test_a_failure_names_selected_tests_that_did_not_run() -> None:
    assert said(judged(FAIL, tests=["a.U"], code=1)) == (
        "failed",
        "1 of 1 test failed: a.T::bad: it broke; selected tests did not run: a.U",
    )


def test_a_failure_that_may_be_excused_does_not_hide_selected_tests_that_did_not_run() -> None:
    observation = judged(FAIL, tests=["a.U"], code=1, allowPreExisting=True)
    assert said(observation) == ("inconclusive", "selected tests did not run: a.U")
