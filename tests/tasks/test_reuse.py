"""What an amended plan may take over from before, and what it may not although it looks alike."""

from __future__ import annotations

from blueprints.load import load
from ledger.events import Kind
from tasks.active import active
from tasks.repair import repair_task
from tests.accepted import NewMission
from tests.conftest import Data, Missions
from validators.suite import Suite
from validators.witness import verdict_key
from workspaces import git
from workspaces.amendment import amend
from workspaces.mission import Mission


def blueprint(*checks: Data, spec: str = "Do a.") -> Data:
    return {"milestones": [{"name": "one", "features": [{"id": "a", "spec": spec}], "validate": [*checks]}]}


def changed(mission: Mission, missions: Missions, other: Data, script: Data | None = None) -> None:
    amend(mission, load(missions.blueprint(other, script)), by="ada")


def repair(mission: Mission) -> list[str]:
    """The sessions of repairers after a round on the base, and the repair of what it found."""
    milestone, base = mission.plan.milestones[0], git.head(mission.root)
    failing = [verdict for verdict in Suite(mission, milestone, base, base, 1, {}).run() if not verdict.passed]
    with active(mission):
        repair_task.fn(mission.run, milestone.name, base, failing)
    started = [event for event in mission.ledger.events if event.kind is Kind.WORKER_STARTED]
    return [event.data["workerSessionId"] for event in started]


def test_a_repair_of_another_check_is_another_repair(new_mission: NewMission, missions: Missions) -> None:
    script = {"repairer": {"one": [[{"write": {"path": "x", "text": "x"}}]]}}
    mission = new_mission(blueprint({"kind": "files", "exist": ["x"]}), script)
    assert repair(mission) == ["repairer.one.1"]
    changed(mission, missions, blueprint({"kind": "files", "exist": ["x"]}, spec="Do a well."), script)
    assert repair(mission) == ["repairer.one.1"]
    changed(mission, missions, blueprint({"kind": "files", "exist": ["y"]}), script)
    assert repair(mission) == ["repairer.one.1", "repairer.one.2"]


def test_an_answer_holds_for_its_question_and_a_review_for_its_features(
    new_mission: NewMission, missions: Missions
) -> None:
    mission = new_mission(blueprint({"kind": "manual", "ask": "Is it?"}, {"kind": "review"}))

    def keys() -> list[str]:
        milestone = mission.plan.milestones[0]
        return [verdict_key(check, "commit", milestone) for check in milestone.checks]

    first = keys()
    changed(mission, missions, blueprint({"kind": "manual", "ask": "Is it there?"}, {"kind": "review"}))
    assert [key == before for key, before in zip(keys(), first, strict=True)] == [True, False, True]
    changed(mission, missions, blueprint({"kind": "manual", "ask": "Is it?"}, {"kind": "review"}, spec="Do b."))
    assert [key == before for key, before in zip(keys(), first, strict=True)] == [True, True, False]
