from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.differences import Differences, differences
from blueprints.load import load_text

TEXT = """\
mission: demo
goal: Try it.
mode: full
agents:
  builder: {kind: command, argv: [agent], timeout: 5m}
  critic: {kind: command, argv: [critic]}
roles: {worker: builder, scrutiny: critic}
validators: [{kind: command, run: make lint}]
contract:
  VAL-A-001: {says: The A is there., from: issue 1, check: {kind: command, run: test -e a}}
  VAL-B-001: {says: The B is there., check: {kind: manual, ask: Is it?}}
milestones:
  - name: one
    features:
      - {id: a, spec: Do a., fulfills: [VAL-A-001]}
      - {id: b, spec: Do b., needs: [a], fulfills: [], because: A test.}
      - {id: c, spec: Do c., fulfills: [], because: A test.}
  - name: two
    features:
      - {id: d, spec: Do d., fulfills: [VAL-B-001]}
    validate: [{kind: review}]
"""


def edited(folder: Path, *edits: tuple[str, str]) -> Differences:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    before, after = (load_text(each, "mission.yaml", folder).plan for each in (TEXT, text))
    return differences(before, after)


NEW = "      - {id: e, spec: Do e., fulfills: [], because: A test.}\n"


@pytest.mark.parametrize(
    ("edit", "told", "again", "proved"),
    [
        (("Do a.", "Do a well."), "feature a changed: spec", "abd", "one two"),
        (("Do b.", "Do b well."), "feature b changed: spec", "bd", "one two"),
        (("Do d.", "Do d well."), "feature d changed: spec", "d", "two"),
        (("needs: [a], ", ""), "feature b changed: needs", "bd", "one two"),
        (("  - name: two\n", f"{NEW}  - name: two\n"), "feature e added to one", "ed", "one two"),
        (("    validate:", f"{NEW}    validate:"), "feature e added to two", "e", "two"),
        (("      - {id: c, spec: Do c., fulfills: [], because: A test.}\n", ""), "feature c removed", "d", "one two"),
        (("The A is", "An A is"), "assertion VAL-A-001 changed: says", "abd", "one two"),
        (("test -e a", "test -f a"), "assertion VAL-A-001 changed: check", "", "one two"),
        (("Is it?", "Is it there?"), "assertion VAL-B-001 changed: check", "", "two"),
        (("make lint", "make check"), "check validator-1 changed: run", "", "one two"),
        (("kind: review", "kind: review, focus: Names."), "check two.validate-1 changed: focus", "", "two"),
        (("[critic]", "[reader]"), "agent critic changed: argv", "", "two"),
        (("[agent]", "[worker]"), "agent builder changed: argv", "abcd", "one two"),
        (("mode: full", "mode: poc"), "setting mode changed", "", "one two"),
        (("name: one", "name: first"), "milestone first added", "", "first"),
        (("goal: Try it.", "goal: Try it well."), "setting goal changed", "", ""),
        (("timeout: 5m", "timeout: 9m, retries: 4"), "agent builder changed: timeout, retries", "", ""),
        (("issue 1", "issue 2"), "assertion VAL-A-001 changed: from", "", ""),
        (("mode: full", "mode: full\nmaxConcurrency: 9"), "setting maxConcurrency changed", "", ""),
        (("goal:", "# a comment\ngoal:"), "nothing changed", "", ""),
        (("{id: a, spec: Do a.", "{spec: 'Do a.', id: a"), "nothing changed", "", ""),
    ],
)
def test_what_is_otherwise_and_what_follows(
    tmp_path: Path, edit: tuple[str, str], told: str, again: str, proved: str
) -> None:
    found = edited(tmp_path, edit)
    assert told in [line.strip() for line in found.text().splitlines()]
    assert (set(found.again), found.proved_again) == ({*again}, tuple(proved.split()))


def test_a_renamed_milestone_starts_from_the_same_and_builds_nothing_anew(tmp_path: Path) -> None:
    found = edited(tmp_path, ("name: two", "name: second"))
    assert (found.again, found.proved_again) == ((), ("second",))


def test_a_feature_in_another_milestone_is_built_from_something_else(tmp_path: Path) -> None:
    line = "      - {id: c, spec: Do c., fulfills: [], because: A test.}\n"
    found = edited(tmp_path, (line, ""), ("    validate:", f"{line}    validate:"))
    assert "feature c moved to two" in found.text()
    assert found.again == ("d", "c")


def test_milestones_in_another_order_start_from_something_else(tmp_path: Path) -> None:
    one, two = TEXT[TEXT.index("  - name: one") :].split("  - name: two")
    found = edited(tmp_path, (f"{one}  - name: two{two}", f"  - name: two{two}{one}"))
    assert found.of("milestone", "moved") == ["two", "one"]
    assert set(found.again) == {*"abcd"}


def test_the_proof_of_an_assertion_that_changed_in_any_way_is_another_one(tmp_path: Path) -> None:
    assert edited(tmp_path, ("test -e a", "test -f a")).changed_proofs == ("VAL-A-001",)
    assert edited(tmp_path, ("issue 1", "issue 2")).changed_proofs == ()


def test_the_approver_reads_names_as_they_are(tmp_path: Path) -> None:
    told = edited(tmp_path, ("Do a.", "Do a well.")).markdown()
    assert told.splitlines()[:3] == ["## What is different", "", "- feature `a` changed: spec"]
    assert "- runs again, as far as it ran: `a`, `b`, `d`" in told
