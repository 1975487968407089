"""The blueprint of an unfinished run changed, below the flows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from blueprints.load import Loaded, load
from blueprints.plan import Plan
from ledger.accepted import accept as accept_assertions
from ledger.accepted import not_accepted
from ledger.events import Event, Kind, read_events
from ledger.folder import RunFolder, all_runs
from tests.accepted import NewMission
from tests.conftest import Data, Missions
from workspaces.acceptance import accept
from workspaces.amended import current_plan, since_approval
from workspaces.amendment import amend, compare
from workspaces.findings import open_findings, record
from workspaces.mission import Mission
from workspaces.opening import opened

PLAYER: Data = {"kind": "scripted", "script": "script.yaml", "retries": 0}
REVIEW: Data = {"kind": "review"}


def plan(spec: str = "Do a.", *, milestone: str = "one", **more: object) -> Data:
    features = [{"id": "a", "spec": spec}, {"id": "b", "spec": "Do b."}]
    return {"milestones": [{"name": milestone, "features": features, "validate": [REVIEW]}], **more}


@pytest.fixture
def mission(new_mission: NewMission) -> Mission:
    return new_mission(plan())


Edited = Callable[..., Loaded]


@pytest.fixture
def edited(missions: Missions) -> Edited:
    """`edited("Do a well.", maxConcurrency=2)`: the blueprint as it shall be from now on."""
    return lambda *words, **more: load(missions.blueprint(plan(*words, **more)))


def next_life(mission: Mission) -> Plan:
    """The plan that a process finds which takes the run up."""
    with opened(mission.folder, mission.settings) as again:
        return again.plan


def amendments(folder: RunFolder) -> list[Event]:
    return [event for event in read_events(folder.ledger) if event.kind is Kind.PLAN_AMENDED]


def test_an_amended_plan_takes_the_place_of_the_other_which_is_kept(mission: Mission, edited: Edited) -> None:
    before, other = mission.plan, edited("Do a well.")
    different = amend(mission, other, by="ada")
    [event] = amendments(mission.folder)
    assert (event.data["before"], event.data["plan"], event.data["by"]) == (before.digest, other.plan.digest, "ada")
    assert event.data["again"] == list(different.again) == ["a"]
    assert mission.plan == other.plan == mission.folder.plan() == next_life(mission)
    assert "Do a well." in mission.folder.blueprint.read_text()
    kept = mission.folder.path / "amendments" / event.data["replaced"][:12] / "plan.json"
    assert Plan.model_validate_json(kept.read_bytes()) == before


def test_a_cosmetic_edit_writes_nothing(mission: Mission, missions: Missions, edited: Edited) -> None:
    lines, text = len(mission.ledger.events), mission.folder.blueprint.read_text()
    path = Path(edited().folder / "mission.yaml")
    path.write_text("# a comment\n" + path.read_text())
    assert amend(mission, load(path), by="ada").nothing
    assert (len(mission.ledger.events), mission.folder.blueprint.read_text()) == (lines, text)


def test_a_dry_run_writes_nothing(mission: Mission, edited: Edited) -> None:
    before = sorted(path.name for path in mission.folder.path.iterdir())
    assert compare(mission.folder, edited("Do a well.")).again == ("a",)
    assert sorted(path.name for path in mission.folder.path.iterdir()) == before
    assert amendments(mission.folder) == []


@pytest.mark.parametrize("copied", [(), ("blueprint.yaml",), ("blueprint.yaml", "contract.md")])
def test_an_amendment_that_a_crash_cut_short_after_its_line_holds(
    mission: Mission, edited: Edited, tmp_path: Path, copied: tuple[str, ...]
) -> None:
    folder, other = mission.folder, edited("Do a well.")
    shutil.copytree(folder.path, tmp_path / "before")
    amend(mission, other, by="ada")
    for name in {"blueprint.yaml", "contract.md", "plan.json"} - {*copied}:
        shutil.copy2(tmp_path / "before" / name, folder.path / name)
    assert current_plan(folder) == other.plan
    assert accept(other, mission.settings, run=folder.run) == folder
    assert next_life(mission) == folder.plan() == other.plan
    assert "Do a well." in folder.blueprint.read_text()


def test_an_amendment_that_a_crash_cut_short_before_its_line_never_was(mission: Mission, edited: Edited) -> None:
    before, folder = mission.plan, mission.folder
    lines = folder.ledger.read_bytes()
    kept = {path: path.read_bytes() for path in folder.path.glob("*.*")}
    amend(mission, edited("Do a well."), by="ada")
    for path, content in kept.items():
        path.write_bytes(content)
    assert folder.ledger.read_bytes() == lines
    assert next_life(mission) == before


def test_a_plan_file_that_was_edited_by_hand_is_refused_after_an_amendment_too(
    mission: Mission, edited: Edited
) -> None:
    amend(mission, edited("Do a well."), by="ada")
    mission.folder.plan_file.write_text(mission.folder.plan_file.read_text().replace("well", "badly"))
    with pytest.raises(MissionError, match=f"it was edited.*`mission resume {mission.run} --blueprint FILE`"):
        next_life(mission)


def test_an_amended_run_stays_where_it_is_listed(mission: Mission, new_mission: NewMission, edited: Edited) -> None:
    second = new_mission(plan())
    amend(mission, edited("Do a well."), by="ada")
    assert [folder.run for folder in all_runs(mission.folder.home)] == [mission.run, second.run]


def test_only_another_digest_needs_another_approval(mission: Mission, edited: Edited) -> None:
    def approvals() -> list[str]:
        return [event.data["plan"] for event in mission.ledger.events if event.kind is Kind.PLAN_APPROVED]

    first = mission.plan.digest
    amend(mission, edited(), by="ada", approved="ada with --yes")
    amend(mission, edited(maxConcurrency=7), by="ada", approved="ada with --yes")
    assert approvals() == [first]
    amend(mission, edited("Do a well."), by="ada", approved="ada with --yes")
    assert approvals() == [first, mission.plan.digest]


def test_another_concurrency_counts_more_than_what_was_approved_before(mission: Mission, edited: Edited) -> None:
    mission.ledger.append(Kind.PLAN_APPROVED, plan=mission.plan.digest, decision="approve", by="ada", maxConcurrency=5)
    amend(mission, edited(maxConcurrency=7), by="ada")
    assert mission.max_concurrency == 7
    amend(mission, edited("Do a well.", maxConcurrency=7), by="ada")
    with opened(mission.folder, mission.settings) as again:
        assert again.max_concurrency == 7


def test_the_approver_is_told_what_is_otherwise_than_in_the_plan_approved_last(
    mission: Mission, edited: Edited
) -> None:
    assert since_approval(mission.folder, mission.plan, mission.ledger.events) == ""
    mission.ledger.append(Kind.PLAN_APPROVED, plan=mission.plan.digest, decision="approve", by="ada", maxConcurrency=5)
    amend(mission, edited("Do a well."), by="ada")
    amend(mission, edited("Do a well.", reruns=3), by="ada")
    told = since_approval(mission.folder, mission.plan, mission.ledger.events)
    assert told.startswith("## What is different\n")
    assert "feature `a` changed: spec" in told
    assert "setting `reruns` changed" in told


def test_what_else_may_not_change_is_refused_in_a_sentence(
    mission: Mission, missions: Missions, edited: Edited, new_repo: Callable[..., Path]
) -> None:
    new_repo("other")
    refused = {
        "it is of another mission, 'else'": edited(mission="else"),
        "the run began on branch 'main', not on 'dev'": edited(repository={"baseBranch": "dev"}),
        f"the run began in {missions.repo}": edited(repository={"path": "../other"}),
        f"the run began in {missions.repo}, which is not": edited(repository={"url": "file:///elsewhere"}),
    }
    for reason, other in refused.items():
        with pytest.raises(MissionError, match=f"{mission.run} cannot go on with .*{reason}"):
            amend(mission, other, by="ada")
    assert amend(mission, edited(repository={"path": "../repo/b"}), by="ada")
    assert len(amendments(mission.folder)) == 1


def test_a_milestone_that_has_landed_stays(mission: Mission, edited: Edited) -> None:
    mission.ledger.append(Kind.MILESTONE_LANDED, milestone="one", branch="main", commit="c")
    with pytest.raises(MissionError, match="milestone one has landed on main and cannot be removed"):
        compare(mission.folder, edited(milestone="two"))


def test_a_run_that_is_over_or_at_work_is_not_amended(mission: Mission, edited: Edited) -> None:
    other = edited("Do a well.")
    with (
        mission.folder.own(),
        pytest.raises(MissionError, match="is being worked on"),
        opened(mission.folder, mission.settings),
    ):
        pass
    mission.ledger.append(Kind.MISSION_CANCELLED, reason="by ada", by="ada")
    with pytest.raises(MissionError, match=r"is over \(cancelled\); start a new run"):
        compare(mission.folder, other)


def test_what_was_found_about_work_or_by_checks_that_are_no_more_is_in_nobodys_way(
    mission: Mission, edited: Edited
) -> None:
    for source, about in {"a.1": "a", "b.1": "b", "validate-1": "b", "engine": ""}.items():
        record(mission, "one", source, description=f"By {source}", about=about, severity="blocking")
    amend(mission, edited("Do a well."), by="ada")
    assert [finding.source for finding in open_findings(mission)] == ["b.1", "validate-1", "engine"]


def test_what_was_found_about_a_feature_goes_on_with_its_milestone(mission: Mission, edited: Edited) -> None:
    for source in ("b.1", "validate-1"):
        record(mission, "one", source, description=f"By {source}", about="b", severity="blocking")
    amend(mission, edited(milestone="first"), by="ada")
    [left] = open_findings(mission)
    assert (left.source, left.milestone, left.about, left.blocking) == ("b.1", "first", "b", True)


def test_who_accepted_an_assertion_accepted_it_as_it_was_proved_then(
    new_mission: NewMission, missions: Missions
) -> None:
    def contract(line: str) -> Data:
        proof = {"says": "It is there.", "check": {"kind": "command", "run": line}}
        features = [{"id": "a", "spec": "Do a.", "fulfills": ["VAL-A-001"]}]
        return {"contract": {"VAL-A-001": proof}, "milestones": [{"name": "one", "features": features}]}

    mission = new_mission(contract("test -e a"))
    accept_assertions(mission.ledger, ["VAL-A-001"], "ada")
    amend(mission, load(missions.blueprint(contract("test -e a") | {"reruns": 2})), by="ada")
    assert not_accepted(mission.ledger.events, ["VAL-A-001"]) == []
    amend(mission, load(missions.blueprint(contract("test -f a"))), by="ada")
    assert not_accepted(mission.ledger.events, ["VAL-A-001"]) == ["VAL-A-001"]
