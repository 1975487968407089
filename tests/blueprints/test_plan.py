from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.load import load_text
from blueprints.plan import Plan, services_of
from blueprints.schema import Role


def planned(text: str, folder: Path) -> Plan:
    return load_text(text, "todo.yaml", folder).plan


def keys(text: str, folder: Path) -> dict[str, str]:
    return {feature.id: feature.key for m in planned(text, folder).milestones for feature in m.features}


def test_a_cosmetic_edit_changes_no_digest_and_no_key(base: str, tmp_path: Path) -> None:
    edited = "# a comment\n" + base.replace("{id: a, spec: Do a.,", "{spec: 'Do a.', id: a,")
    assert planned(edited, tmp_path).digest == planned(base, tmp_path).digest
    assert keys(edited, tmp_path) == keys(base, tmp_path)


@pytest.mark.parametrize(
    "line", ["maxConcurrency: 8\n", "requirePlanApproval: false\n", "planApproval: {within: 1h, otherwise: reject}\n"]
)
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


def check_keys(text: str, folder: Path) -> dict[str, str]:
    return {check.id: check.key for milestone in planned(text, folder).milestones for check in milestone.checks}


def changed(old: str, new: str, text: str, folder: Path) -> list[str]:
    """The checks whose keys an edit changes."""
    assert old in text
    before, after = check_keys(text, folder), check_keys(text.replace(old, new, 1), folder)
    assert list(before) == list(after)
    return [name for name in before if before[name] != after[name]]


def test_an_assertion_with_several_checks_numbers_them(every: str, tmp_path: Path) -> None:
    checks = [[check.id for check in m.checks] for m in planned(every, tmp_path).milestones]
    first = ["validator-1", "VAL-NOTES-001.1", "VAL-NOTES-001.2", "VAL-NOTES-002"]
    assert checks[0] == first
    assert checks[1][:6] == ["validator-1", "validate-1", "validate-2", *first[1:]]
    assert checks[1][6:8] == ["VAL-LOOKS-001.1", "VAL-LOOKS-001.2"]


def test_a_check_knows_the_milestone_that_runs_it_first(every: str, tmp_path: Path) -> None:
    since = {check.id: check.since for check in planned(every, tmp_path).milestones[1].checks}
    assert {since["validator-1"], since["VAL-NOTES-001.1"], since["VAL-NOTES-002"]} == {"base"}
    assert {since["validate-1"], since["VAL-LOOKS-001.1"], since["VAL-NOTES-003.1"]} == {"looks"}


def test_new_checks_are_those_of_newly_claimed_assertions(every: str, tmp_path: Path) -> None:
    base, looks = planned(every, tmp_path).milestones
    assert [check.id for check in base.new_checks] == ["VAL-NOTES-001.1", "VAL-NOTES-001.2", "VAL-NOTES-002"]
    assert {check.assertion for check in looks.new_checks} == {"VAL-LOOKS-001", "VAL-NOTES-003", "VAL-CODE-001"}


def test_a_check_that_must_not_pass_before_the_work_is_automatic_and_of_a_new_behaviour(
    every: str, tmp_path: Path
) -> None:
    checks = {check.id: check for check in planned(every, tmp_path).milestones[1].checks}
    names = ["VAL-NOTES-001.1", "VAL-NOTES-003.1", "VAL-LOOKS-001.1", "VAL-LOOKS-001.2", "validate-2"]
    assert [checks[name].discriminating for name in names] == [True, False, False, False, False]
    assert checks["VAL-NOTES-001.2"].evidence == ["*.json"]


def test_services_come_after_what_they_depend_on(every: str, tmp_path: Path) -> None:
    text = every.replace("    dependsOn: [store]", "    dependsOn: [mail, store]").replace(
        "services:\n", "services:\n  mail: {start: mail, dependsOn: [store]}\n", 1
    )
    blueprint = load_text(text, "todo.yaml", tmp_path).blueprint
    assert services_of(blueprint, blueprint.contract["VAL-NOTES-001"].proofs[0]) == ["store", "mail", "app"]
    assert services_of(blueprint, blueprint.contract["VAL-NOTES-002"].proofs[0]) == []


def test_services_in_a_very_long_row_or_many_diamonds_are_put_in_order(base: str, tmp_path: Path) -> None:
    chain = "".join(f"  s{n}: {{start: x, dependsOn: [s{n + 1}, s{n + 2}]}}\n" for n in range(1500))
    services = f"services:\n{chain}  s1500: {{start: x}}\n  s1501: {{start: x}}\n"
    text = base.replace("run: pytest -q", "run: pytest -q, services: [s0]") + services
    blueprint = load_text(text, "todo.yaml", tmp_path).blueprint
    order = services_of(blueprint, blueprint.validators[0])
    assert (order[-1], len(order)) == ("s0", 1502)


def test_a_changed_service_changes_the_keys_of_the_checks_that_need_it(every: str, tmp_path: Path) -> None:
    users = ["VAL-NOTES-001.1", "VAL-NOTES-001.2", "VAL-LOOKS-001.2", "VAL-NOTES-003.1"]
    assert changed("python3 -m notes", "python3 -m notes -v", every, tmp_path) == users
    assert changed("store --port", "store -v --port", every, tmp_path) == users


def test_changed_evidence_changes_the_keys_of_the_assertion_s_checks(every: str, tmp_path: Path) -> None:
    assert changed('["*.json"]', '["*.png"]', every, tmp_path) == ["VAL-NOTES-001.1", "VAL-NOTES-001.2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from: issue 12", "from: issue 13"),
        ("because: It only adds tests.", "because: Tests only."),
        ("name: the list", "name: the listing"),
        ("name: lint", "name: style"),
        ("says: No secret", "says: No password"),
        ("{kind: review}\n", "{kind: review} # by somebody else\n"),
    ],
)
def test_what_is_for_people_changes_no_key_of_a_check(every: str, tmp_path: Path, old: str, new: str) -> None:
    assert changed(old, new, every, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from: issue 12", "from: issue 13"),
        ("because: It only adds tests.", "because: Tests only."),
        ("name: the list", "name: the listing"),
        ("start: store", "start: shop"),
        ("reruns: 2", "reruns: 3"),
    ],
)
def test_what_is_not_for_the_worker_changes_no_key_of_a_feature(every: str, tmp_path: Path, old: str, new: str) -> None:
    assert old in every
    assert keys(every, tmp_path) == keys(every.replace(old, new, 1), tmp_path)


def test_a_single_check_may_be_written_as_a_list(every: str, tmp_path: Path) -> None:
    text = every.replace("    check: {kind: pytest, paths", "    checks:\n      - {kind: pytest, paths")
    assert check_keys(text, tmp_path) == check_keys(every, tmp_path)


def test_roles_that_are_not_given_are_played_by_the_worker(every: str, tmp_path: Path) -> None:
    plan = planned(every, tmp_path)
    assert (plan.role(Role.TESTER), plan.role(Role.SCRUTINY), plan.role(Role.REPAIRER)) == (
        "critic",
        "critic",
        "builder",
    )
