from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.load import load_text
from blueprints.plan import Plan


def planned(text: str, folder: Path) -> Plan:
    return load_text(text, "todo.yaml", folder).plan


def keys(text: str, folder: Path) -> dict[str, str]:
    return {feature.id: feature.key for m in planned(text, folder).milestones for feature in m.features}


def test_a_cosmetic_edit_changes_no_digest_and_no_key(base: str, tmp_path: Path) -> None:
    edited = "# a comment\n" + base.replace("{id: a, spec: Do a.}", "{spec: 'Do a.', id: a}")
    assert planned(edited, tmp_path).digest == planned(base, tmp_path).digest
    assert keys(edited, tmp_path) == keys(base, tmp_path)


@pytest.mark.parametrize("line", ["maxConcurrency: 8\n", "requirePlanApproval: false\n"])
def test_how_fast_it_goes_and_who_is_asked_is_not_in_the_digest(base: str, tmp_path: Path, line: str) -> None:
    assert planned(base + line, tmp_path).digest == planned(base, tmp_path).digest


def test_an_edited_spec_changes_the_digest_and_that_feature_s_key_only(base: str, tmp_path: Path) -> None:
    edited = base.replace("Do a.", "Do a well.")
    assert planned(edited, tmp_path).digest != planned(base, tmp_path).digest
    before, after = keys(base, tmp_path), keys(edited, tmp_path)
    assert [name for name in before if before[name] != after[name]] == ["a"]


def test_assertions_are_checked_at_their_milestone_and_every_later_one(full: str, tmp_path: Path) -> None:
    checks = [[check.id for check in m.checks] for m in planned(full, tmp_path).milestones]
    assert checks == [["validate-1", "VAL-EXPORT-001"], ["VAL-EXPORT-001", "VAL-IMPORT-001"]]


def test_a_feature_waits_for_its_own_milestone_only(full: str, tmp_path: Path) -> None:
    plan = planned(full, tmp_path)
    assert plan.feature("route").waits_for == ["csv-writer"]
    assert plan.feature("csv-reader").waits_for == []
