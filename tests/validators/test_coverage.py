from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from blueprints.checks import CoverageCheck
from validators.base import Bench, Observation
from validators.coverage import CoverageValidator

Commit = Callable[..., str]
OLD = "".join(f"old {n}\n" for n in range(1, 6))
NEW = OLD + "".join(f"new {n}\n" for n in range(6, 11))  # lines 6 to 10 are new


@dataclass
class Work:
    """A repository whose work changed some files, and the report that the tests then write."""

    repo: Path
    base: str
    commit: str

    def look(self, content: str, line: str = "cp ../report cov.out", **settings: object) -> Observation:
        (self.repo.parent / "report").write_text(content)
        defaults = {"kind": "coverage", "run": line, "report": "cov.out", "minimum": 80}
        check = CoverageCheck.model_validate(defaults | settings)
        evidence = self.repo.parent / "evidence"
        bench = Bench(self.repo, evidence, threading.Event(), commit=self.commit, base=self.base)
        return CoverageValidator(check).look(bench)


@pytest.fixture
def work(new_repo: Callable[..., Path], commit: Commit) -> Callable[..., Work]:
    def make(
        before: Mapping[str, str] | None = None, after: Mapping[str, str | None] | None = None, name: str = "repo"
    ) -> Work:
        repo = new_repo(name, {"src/a.py": OLD} if before is None else before)
        return Work(repo, *(commit(repo, files) for files in ({}, {"src/a.py": NEW} if after is None else after)))

    return make


def lcov(hits: Mapping[int, int], path: str = "src/a.py") -> str:
    return "".join(["TN:\n", f"SF:{path}\n", *(f"DA:{n},{hit}\n" for n, hit in hits.items()), "end_of_record\n"])


def python(reached: list[int], missed: list[int], path: str = "src/a.py") -> str:
    return json.dumps({"meta": {}, "files": {path: {"executed_lines": reached, "missing_lines": missed}}})


def cobertura(hits: Mapping[int, int], path: str, *sources: str) -> str:
    lines = "".join(f'<line number="{n}" hits="{hit}"/>' for n, hit in hits.items())
    roots = "".join(f"<source>{source}</source>" for source in sources)
    return (
        '<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
        f"<coverage><sources>{roots}</sources><packages><package><classes>"
        f'<class filename="{path}"><methods/><lines>{lines}</lines></class>'
        "</classes></package></packages></coverage>"
    )


ALL = dict.fromkeys(range(1, 11), 1)
MOST = ALL | {7: 0}


def test_enough_reached_lines_pass(work: Callable[..., Work]) -> None:
    seen = work().look(lcov(MOST))
    assert (seen.status, seen.exit_code) == ("passed", 0)
    assert seen.reason == "80 % of 5 changed lines are reached (minimum 80 %)"


def test_too_few_reached_lines_fail_and_are_named(work: Callable[..., Work]) -> None:
    seen = work().look(lcov(ALL | {6: 0, 7: 0, 8: 0, 10: 0}))
    assert seen.status == "failed"
    assert seen.reason == "20 % of 5 changed lines are reached (minimum 80 %): src/a.py 6-8, 10"


def test_a_share_just_below_the_minimum_does_not_look_like_it(work: Callable[..., Work]) -> None:
    seen = work().look(lcov({6: 1, 7: 1, 8: 0}), minimum=66.67)
    assert seen.reason.startswith("66.6 % of 3 changed lines are reached (minimum 66.67 %)")


def test_lines_that_did_not_change_do_not_count(work: Callable[..., Work]) -> None:
    assert work().look(lcov({n: int(n > 5) for n in ALL})).status == "passed"


def test_lines_that_cannot_be_executed_do_not_count(work: Callable[..., Work]) -> None:
    assert work().look(lcov({5: 0, 9: 1})).reason.startswith("100 % of 1 changed lines")


def test_a_modified_line_is_a_changed_one(work: Callable[..., Work]) -> None:
    seen = work(after={"src/a.py": OLD.replace("old 3", "new 3")}).look(lcov(ALL | {3: 0}))
    assert seen.reason == "0 % of 1 changed lines are reached (minimum 80 %): src/a.py 3"


def test_a_file_that_only_moved_changed_no_line(work: Callable[..., Work]) -> None:
    seen = work(after={"src/a.py": None, "lib/a.py": OLD}).look(lcov(ALL, "lib/a.py"))
    assert (seen.status, seen.reason) == ("inconclusive", "no line changed since the base in **")


def test_files_count_by_their_patterns(work: Callable[..., Work]) -> None:
    changed = work(after={"src/a.py": NEW, "src/deep/b.py": NEW, "tests/c.py": NEW})
    report = lcov(ALL) + lcov(ALL, "src/deep/b.py") + lcov({6: 0}, "tests/c.py")
    assert changed.look(report, paths=["src/**"]).reason.startswith("100 % of 15 changed lines")
    assert changed.look(report, paths=["src/*.py", "tests/*"]).reason.startswith("83.3 % of 6 changed lines")
    assert changed.look(report).reason.startswith("93.7 % of 16 changed lines")


def test_no_change_in_the_paths_is_inconclusive(work: Callable[..., Work]) -> None:
    seen = work().look(lcov(ALL), paths=["lib/**", "bin/**"])
    assert (seen.status, seen.reason) == ("inconclusive", "no line changed since the base in lib/**, bin/**")


def test_a_report_that_knows_none_of_the_changed_lines_is_inconclusive(work: Callable[..., Work]) -> None:
    for report in (lcov(ALL, "src/b.py"), lcov({1: 1}), "TN:\n"):
        seen = work(name=f"repo{len(report)}").look(report)
        assert seen.status == "inconclusive"
        assert seen.reason == "the report knows none of the 5 changed lines of src/a.py"


def test_changed_files_that_the_report_does_not_know_are_named(work: Callable[..., Work]) -> None:
    seen = work(after={"src/a.py": NEW, "src/new.py": "x\n"}).look(lcov(ALL))
    assert (seen.status, seen.reason) == (
        "passed",
        "100 % of 5 changed lines are reached (minimum 80 %); the report does not know src/new.py",
    )


def test_the_json_of_coverage_py_is_understood(work: Callable[..., Work]) -> None:
    assert work().look(python([1, 6, 7, 8, 9], [10])).reason.startswith("80 % of 5 ")


def test_cobertura_xml_is_understood(work: Callable[..., Work]) -> None:
    assert work().look(cobertura(MOST, "src/a.py")).reason.startswith("80 % of 5 ")


def test_a_file_that_appears_twice_is_reached_where_one_of_them_is(work: Callable[..., Work]) -> None:
    seen = work().look(lcov({6: 1, 7: 0, 8: 0}) + lcov({6: 0, 7: 1, 8: 0}))
    assert seen.reason.startswith("66.6 % of 3 changed lines")
    assert seen.reason.endswith(": src/a.py 8")


def test_paths_may_be_absolute(work: Callable[..., Work]) -> None:
    changed = work()
    assert changed.look(lcov(ALL, f"{changed.repo}/src/a.py")).status == "passed"
    assert changed.look(lcov(ALL, f"{changed.repo}/lib/../src/a.py")).status == "passed"


@pytest.mark.parametrize("path", ["a.py", "/src/a.py", "other/src/a.py", "../src/a.py", "../repo2/src/a.py"])
def test_a_file_is_not_found_by_a_part_of_its_path(work: Callable[..., Work], path: str) -> None:
    for report in (lcov(ALL, path), python([6], [], path), cobertura(ALL, path)):
        changed = work(name=f"repo-{len(report)}")
        assert changed.look(report).status == "inconclusive"


@pytest.mark.parametrize("source", ["src", "./src/", "{repo}/src"])
def test_cobertura_paths_are_relative_to_a_source(work: Callable[..., Work], source: str) -> None:
    changed = work({"src/a.py": OLD, "a.py": OLD}, {"src/a.py": NEW})
    assert changed.look(cobertura(ALL, "a.py", source.format(repo=changed.repo))).status == "passed"


def test_cobertura_paths_of_another_machine_are_relative_to_the_checkout(work: Callable[..., Work]) -> None:
    assert work().look(cobertura(ALL, "src/a.py", "/somewhere/else")).status == "passed"


def test_a_path_that_may_be_of_several_sources_is_inconclusive(work: Callable[..., Work]) -> None:
    changed = work({"one/a.py": OLD, "two/a.py": OLD}, {"one/a.py": NEW})
    seen = changed.look(cobertura(ALL, "a.py", "one", "two"))
    assert (seen.status, seen.reason) == ("inconclusive", "the report does not tell which file it means: one/a.py")


@pytest.mark.parametrize("name", ["a b.py", 'a"b.py', "ä.py", "a\tb.py"])
def test_unusual_names_are_found(work: Callable[..., Work], name: str) -> None:
    assert work({}, {name: NEW}).look(python([1], [2], name)).reason.startswith("50 % of 2 ")


def test_lines_that_look_like_a_patch_are_lines(work: Callable[..., Work]) -> None:
    before = "one\n-- a/b\ntwo\nlast without an end"
    after = "++ b/other.py\n@@ -1 +1 @@\none\n++ b/x\ntwo\nlast\n++ b/more\n"
    seen = work({"a.py": before}, {"a.py": after}).look(lcov(dict.fromkeys(range(1, 8), 0), "a.py"))
    assert seen.reason.endswith(": a.py 1-2, 4, 6-7")


def test_attributes_hide_no_line(work: Callable[..., Work]) -> None:
    seen = work(after={"src/a.py": NEW, ".gitattributes": "*.py -diff binary\n"}).look(lcov(MOST))
    assert seen.reason.startswith("80 % of 5 changed lines")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ("", "cov.out is neither LCOV nor"),
        ("hello", "cov.out is neither LCOV nor"),
        ("SF:src/a.py\nDA:6,1\n", "cov.out ends within the record of src/a.py"),
        ("SF:src/a.py\nDA:six,1\nend_of_record\n", "cov.out is no well-formed LCOV: DA:six,1"),
        ("{", "cov.out is no JSON report of coverage.py"),
        ('{"files": {"src/a.py": {"executed_lines": ["x"]}}}', "cov.out is no JSON report of coverage.py"),
        ('{"result": []}', "cov.out is no JSON report of coverage.py"),
        ("<coverage>", "cov.out is no well-formed XML"),
        ("<html/>", "cov.out is no Cobertura XML: it begins with <html>"),
        ("<coverage><class filename='a'><line number='1'/></class></coverage>", "cov.out is no well-formed Cobertura"),
    ],
)
def test_a_report_that_is_torn_or_unknown_is_inconclusive(work: Callable[..., Work], report: str, told: str) -> None:
    seen = work().look(report)
    assert seen.status == "inconclusive"
    assert seen.reason.startswith(told)


def test_a_command_that_fails_fails_whatever_the_report_says(work: Callable[..., Work]) -> None:
    seen = work().look(lcov(ALL), "cp ../report cov.out; echo 1 error; exit 3")
    assert (seen.status, seen.reason, seen.exit_code) == ("failed", "exit code 3: 1 error", 3)


def test_a_command_that_is_not_found_is_inconclusive(work: Callable[..., Work]) -> None:
    assert work().look(lcov(ALL), "no-such-program").exit_code == 127


def test_a_run_of_no_test_is_inconclusive(work: Callable[..., Work]) -> None:
    seen = work().look(lcov(ALL), "cp ../report cov.out; echo no tests ran in 0.01s; exit 5")
    assert (seen.status, seen.reason) == ("inconclusive", "pytest collected no test")


def test_an_older_report_does_not_count(work: Callable[..., Work]) -> None:
    changed = work(before={"src/a.py": OLD, "cov.out": lcov(ALL)})
    seen = changed.look("", "echo done")
    assert (seen.status, seen.reason) == ("inconclusive", "no cov.out was written: done")


@pytest.mark.parametrize("path", ["../report", "/tmp/report", "src/../../report"])
def test_a_report_outside_the_checkout_is_inconclusive(work: Callable[..., Work], path: str) -> None:
    seen = work().look(lcov(ALL), "true", report=path)
    assert (seen.status, seen.reason) == ("inconclusive", f"nothing was run: {path} leads out of the checkout")


def test_a_report_that_is_a_folder_is_inconclusive(work: Callable[..., Work]) -> None:
    assert work().look(lcov(ALL), "true", report="src").reason.startswith("nothing was run: ")


def test_a_base_that_is_unknown_is_inconclusive(work: Callable[..., Work]) -> None:
    changed = work()
    changed.base = ""
    assert changed.look(lcov(ALL)).status == "inconclusive"
