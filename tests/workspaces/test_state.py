"""A run that travels: recorded here, looked at and taken up there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from blueprints.load import load
from ledger.events import Kind, read_events
from ledger.fold import build_report
from ledger.folder import RunFolder
from ledger.report import MissionReport
from ledger.settings import Settings
from tests.accepted import NewMission
from tests.conftest import Missions
from workspaces import git
from workspaces.arrival import Arrived, arrive
from workspaces.delivery import Pushed
from workspaces.examination import examine
from workspaces.mission import Mission
from workspaces.opening import opened
from workspaces.remote import MovedError
from workspaces.state import record, state_ref
from workspaces.trees import with_entries, write_blob

Owner = Callable[..., str]
Commit = Callable[..., str]


@dataclass(frozen=True)
class Scene:
    """A mission with one commit of an agent's, a bare remote, and a second clone with a home of its own."""

    mission: Mission
    made: str
    origin: Path
    clone: Path
    settings: Settings
    blueprint: Path

    def pushed(self, known: str | None = None) -> Pushed:
        return Pushed(self.mission.root, self.mission.folder, "origin", "", known)

    def push(self) -> str:
        pushed = self.pushed()
        pushed.midway(self.report())
        return str(pushed.known)

    def report(self) -> MissionReport:
        return build_report(self.mission.run, self.mission.plan, self.mission.ledger.events)

    def arrive(self) -> Arrived | None:
        source = git.repository(self.clone, "main")
        return arrive(load(self.blueprint).plan, source, "origin", self.settings)


@pytest.fixture
def scene(tmp_path: Path, missions: Missions, new_mission: NewMission, commit: Commit, owner: Owner) -> Scene:
    mission = new_mission()
    origin, clone, home = tmp_path / "origin.git", tmp_path / "clone", tmp_path / "other-home"
    owner(tmp_path, "clone", "-q", "--bare", str(mission.root), str(origin))
    owner(tmp_path, "clone", "-q", str(origin), str(clone))
    owner(mission.root, "remote", "add", "origin", str(origin))
    made = commit(mission.root, {"a": "made\n"}, on=mission.repository.base)
    git.update_ref(mission.root, mission.archive_ref("a.1"), made)
    told = {
        "workerSessionId": "a.1",
        "milestone": "one",
        "featureId": "a",
        "role": "worker",
        "summary": "",
        "seconds": 1,
    }
    mission.ledger.append(Kind.WORKER_COMPLETED, **told, commitId=made)
    evidence = mission.folder.evidence("one", "check") / "deep" / "seen.txt"
    evidence.parent.mkdir(parents=True)
    evidence.write_bytes(b"seen\x00\xff\n")
    return Scene(mission, made, origin, clone, Settings(home=home, grace=1), missions.folder / "mission.yaml")


def test_a_run_goes_on_in_another_clone_with_all_that_it_knew(scene: Scene) -> None:
    scene.push()
    arrived = scene.arrive()
    assert arrived
    assert git.refs(scene.clone, "refs/missions") == {scene.mission.archive_ref("a.1"): scene.made}
    assert read_events(arrived.folder.ledger) == scene.mission.ledger.events
    assert (arrived.folder.evidence("one", "check") / "deep" / "seen.txt").read_bytes() == b"seen\x00\xff\n"
    with opened(arrived.folder, scene.settings) as mission:
        assert (mission.root, mission.repository.base) == (scene.clone, scene.mission.repository.base)


def test_what_belongs_to_one_machine_stays_there(scene: Scene) -> None:
    folder = scene.mission.folder.path
    (folder / "owner.json").write_text("{}")
    (folder / "requests").mkdir()
    (folder / "requests" / "1.json").write_text("{}")
    (folder / "linked").symlink_to("/etc/passwd")
    (folder / "resolutions" / "rr-cache" / "1").mkdir(parents=True)
    (folder / "resolutions" / "rr-cache" / "1" / "preimage").write_text("x")
    (folder / "resolutions" / "config").write_text("[core]\n\tfsmonitor = touch pwned\n")
    state = record(scene.mission.root, scene.mission.folder, follows=None, blueprint="")
    travelling = set(git.files_at(scene.mission.root, state))
    assert {"state.json", "run/ledger.jsonl", "run/plan.json", "run/resolutions/rr-cache/1/preimage"} <= travelling
    stays = ("owner", "requests", "linked", "config")
    assert not [path for path in travelling if any(part in path for part in stays)]


def test_of_two_that_go_on_with_a_run_the_second_to_say_so_loses(scene: Scene) -> None:
    known = scene.push()
    winner, loser = scene.pushed(known), scene.pushed(known)
    winner.midway(scene.report())
    with pytest.raises(MovedError, match=f"{state_ref(scene.mission.run)} .* moved by somebody else"):
        loser.midway(scene.report())
    assert winner.known == git.resolve(scene.origin, state_ref(scene.mission.run))


def test_a_run_that_is_over_lies_where_nobody_takes_it_up(scene: Scene) -> None:
    known = scene.push()
    scene.mission.ledger.append(Kind.MISSION_CANCELLED, reason="enough", by="me")
    scene.pushed(known).midway(scene.report())
    assert list(git.refs(scene.origin, "refs/missions")) == [f"refs/missions/{scene.mission.run}/ended"]
    assert scene.arrive() is None


def test_a_run_of_another_plan_is_left_alone(scene: Scene) -> None:
    scene.push()
    scene.blueprint.write_text(scene.blueprint.read_text().replace("Write a.", "Write something else."))
    assert scene.arrive() is None


def test_what_went_on_here_meanwhile_is_not_replaced(scene: Scene) -> None:
    scene.push()
    arrived = scene.arrive()
    assert arrived
    further = RunFolder(scene.settings.home, scene.mission.run)
    with opened(further, scene.settings) as mission:
        mission.ledger.append(Kind.NOTE_RECORDED, note="on")
    lines = further.ledger.read_bytes()
    assert scene.arrive()
    assert further.ledger.read_bytes() == lines


def test_a_run_that_went_on_in_two_places_is_refused(scene: Scene) -> None:
    scene.push()
    arrived = scene.arrive()
    assert arrived
    with opened(arrived.folder, scene.settings) as mission:
        mission.ledger.append(Kind.NOTE_RECORDED, note="here")
    scene.mission.ledger.append(Kind.NOTE_RECORDED, note="there")
    git.delete_ref(scene.origin, state_ref(scene.mission.run))
    scene.push()
    with pytest.raises(MissionError, match="went on both here and elsewhere"):
        scene.arrive()


def edited_ledger(scene: Scene) -> str:
    state = record(scene.mission.root, scene.mission.folder, follows=None, blueprint="")
    text = scene.mission.folder.ledger.read_text().replace('"demo', '"dame', 1)
    return _with(scene.mission.root, state, "run/ledger.jsonl", text)


def missing_work(scene: Scene) -> str:
    git.delete_ref(scene.mission.root, scene.mission.archive_ref("a.1"))
    return record(scene.mission.root, scene.mission.folder, follows=None, blueprint="")


def way_out(scene: Scene) -> str:
    state = record(scene.mission.root, scene.mission.folder, follows=None, blueprint="")
    return _with(scene.mission.root, state, "run/place.json", "{}")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (edited_ledger, "ledger line 2: the chain is broken here"),
        (missing_work, "its ledger tells of commits that do not come with it"),
        (way_out, "it holds something else than plain files"),
    ],
)
def test_a_damaged_state_is_refused_in_one_sentence(
    scene: Scene, owner: Owner, damage: Callable[[Scene], str], said: str
) -> None:
    owner(scene.mission.root, "push", "-q", "origin", f"{damage(scene)}:{state_ref(scene.mission.run)}")
    with pytest.raises(MissionError, match=f"the state of {scene.mission.run} is refused: {said}") as refused:
        scene.arrive()
    assert "\n" not in str(refused.value)
    assert not (scene.settings.home / "runs").exists()


def test_references_of_others_are_refused(scene: Scene, tmp_path: Path) -> None:
    repo, run = scene.mission.root, scene.mission.run
    state = record(repo, scene.mission.folder, follows=None, blueprint="")
    told = json.loads(git.read_blob(repo, str(git.blob_at(repo, state, "state.json"))))
    told["refs"]["refs/heads/main"] = scene.made
    forged = _with(repo, state, "state.json", json.dumps(told))
    with pytest.raises(MissionError, match="'refs/heads/main', which is no reference of this run"):
        examine(repo, forged, run, tmp_path / "aside")


def test_a_shallow_clone_without_the_base_is_told_to_get_it(scene: Scene, commit: Commit, owner: Owner) -> None:
    scene.push()
    commit(scene.mission.root, {"later": "x\n"})
    owner(scene.mission.root, "push", "-q", "origin", "main")
    shallow = scene.clone.with_name("shallow")
    owner(scene.clone, "clone", "-q", "--depth", "1", f"file://{scene.origin}", str(shallow))
    with pytest.raises(MissionError, match="fetch-depth: 0"):
        arrive(load(scene.blueprint).plan, git.repository(shallow, "main"), "origin", scene.settings)


def _with(repo: Path, state: str, path: str, text: str) -> str:
    tree = with_entries(repo, git.tree_of(repo, state), {path: ("100644", write_blob(repo, text.encode()))})
    return git.commit_tree(repo, tree, git.parents_of(repo, state), "forged")
