"""Who broke what, in the report and for people."""

from __future__ import annotations

from ledger.events import Kind
from ledger.render import markdown
from tests.ledger.story import Story


def culprits(*features: str, check: str = "VAL-A-001", commit: str = "m-b") -> dict[str, object]:
    return {"check": check, "commit": commit, "features": list(features), "trials": 3, "reason": "exit code 1: a | b"}


def test_each_checks_culprits_are_told_until_something_else_is_integrated() -> None:
    story = Story().built().validated(1, "m-b", VAL_A_001="failed")
    for found in (culprits("a", "b"), culprits("b", check="check"), culprits("a")):
        story.tell(Kind.CULPRITS_FOUND, milestone="one", **found)
    told = [(each.check, each.features) for each in story.report().milestone("one").culprits]
    assert told == [("check", ["b"]), ("VAL-A-001", ["a"])]
    assert story.integrated("b").report().milestone("one").culprits == []


def test_a_line_for_each_conflict_and_none_for_who_fails_alone() -> None:
    story = Story().built().validated(1, "m-b", VAL_A_001="failed", check="failed")
    story.tell(Kind.CULPRITS_FOUND, milestone="one", **culprits("a", "b"))
    story.tell(Kind.CULPRITS_FOUND, milestone="one", **culprits("b", check="check"))
    text = markdown(story.report())
    line = "- `a` and `b`: `VAL-A-001`, found with 3 trials; exit code 1: a \\| b"
    assert f"**Fine alone, broken together:**\n\n{line}\n\n" in text
