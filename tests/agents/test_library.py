"""What agents hand on to others: who may say it, what is kept of it, and whom it reaches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.answers import Review, UserTest
from agents.base import AgentRun, Assignment
from agents.briefing import briefed
from agents.handoff import LONGEST_NOTE, Handoff, Note
from agents.library import ROOM, all_notes, notes_about, record_notes
from agents.record import Record
from blueprints.schema import Role
from ledger.events import Kind, read_events
from ledger.report import StepStatus
from tasks.feature import build_feature
from tests.accepted import NewMission
from workspaces.mission import Mission


def learn(mission: Mission, *texts: str, applies: list[str] | None = None, source: str = "a.1") -> None:
    record_notes(mission, "one", source, [Note(text=text, applies=applies or []) for text in texts])


def texts(mission: Mission) -> list[str]:
    return [note.text for note in all_notes(mission)]


Read = list[tuple[str, list[str]]]
WRITTEN: list[tuple[Any, Read]] = [
    ([{"text": "Mind\n the  step.", "applies": ["src/**"]}], [("Mind the step.", ["src/**"])]),
    (["Mind the step."], [("Mind the step.", [])]),
    ("Mind the step.", [("Mind the step.", [])]),
    ({"text": "Mind the step.", "applies": "src/**"}, [("Mind the step.", ["src/**"])]),
    ([{"text": "Mind the step.", "applies": None, "mood": 1}], [("Mind the step.", [])]),
    ([{"text": "x", "applies": [3, "", "a\n# b", "y" * 1000]}], [("x", ["a # b"])]),
    (["y" * 1000], [("y" * LONGEST_NOTE, [])]),
    (["\ud800"], [("\ufffd", [])]),
    (["x"] * 1000, [("x", [])] * 20),
    ([None, 3, "", " ", [], {}, {"text": None}, {"note": "x"}], []),
    (None, []),
    ([], []),
]


@pytest.mark.parametrize(("written", "read"), WRITTEN)
def test_notes_are_read_however_they_are_written(written: Any, read: Read) -> None:
    said = json.loads(json.dumps({"notes": written}))
    handoff = Handoff.model_validate({"salientSummary": "Done."} | said)
    review = Review.model_validate({"summary": "Fine.", "status": "pass", "issues": []} | said)
    test = UserTest.model_validate({"summary": "Fine.", "assertions": []} | said)
    for answer in (handoff, review, test):
        assert [(note.text, note.applies) for note in answer.notes] == read


def test_only_what_is_accepted_is_recorded(new_mission: NewMission) -> None:
    mission, run = new_mission(), AgentRun.none()
    handoff = Handoff(salient_summary="Done.", notes=[Note(text="Run make first.", applies=["src/**"])])

    def record(role: Role, session: str) -> Record:
        assignment = Assignment.of(mission, role, "one", mission.repository.base, "Title", feature="a")
        return Record(mission, assignment, session, "player")

    record(Role.WORKER, "a.1").failed(run, "no work", StepStatus.FAILED)
    assert all_notes(mission) == []
    record(Role.WORKER, "a.2").completed(run, "c" * 40, handoff, "key")
    record(Role.WORKER, "a.3").completed(run, "c" * 40, None, "other key")
    record(Role.TESTER, "tester.a.1").answered(run, "Fine.", [Note(text="The page is slow.")])
    kept = [event.data for event in read_events(mission.folder.ledger) if event.kind is Kind.NOTE_RECORDED]
    assert kept == [
        {"id": "N-1", "text": "Run make first.", "applies": ["src/**"], "source": "a.2", "milestone": "one"},
        {"id": "N-2", "text": "The page is slow.", "applies": [], "source": "tester.a.1", "milestone": "one"},
    ]


def test_people_read_the_notes_in_the_run_folder(new_mission: NewMission) -> None:
    mission = new_mission()
    learn(mission, "Run make first.", applies=["src/**", "lib/**"])
    learn(mission, "The page is slow.", source="tester.a.1")
    page = (mission.folder.path / "library" / "notes.md").read_text()
    assert page.splitlines()[-2:] == [
        "- `N-2` The page is slow. (from `tester.a.1`)",
        "- `N-1` Run make first. (`src/**`; `lib/**`; from `a.1`)",
    ]


def test_only_what_says_something_new_is_recorded(new_mission: NewMission) -> None:
    """Neither another spelling of the same nor nearly the same words; but a negation or a number is another thing."""
    new_or_not = {
        "Run make first.": True,
        "run  MAKE,  first": False,
        "?!": False,
        "The suite needs a running server on this host.": True,
        "The suite needs a running server on this host too.": False,
        "The suite needs much memory.": True,
        "The reader does strip the mark at the start.": True,
        "The reader does not strip the mark at the start.": True,
        "You can run the whole suite with make.": True,
        "You can't run the whole suite with make.": True,
        "The server listens on port 8000 by default.": True,
        "The server listens on port 9000 by default.": True,
    }
    mission = new_mission()
    learn(mission, *new_or_not)
    learn(mission, *new_or_not, source="b.1")
    assert texts(mission) == [text for text, new in new_or_not.items() if new]


def test_the_same_words_about_other_paths_are_new(new_mission: NewMission) -> None:
    mission, text = new_mission(), "The suite is slow."
    for applies in (["src"], ["src"], ["docs"], ["docs", "src"], ["docs"], [], ["tests"]):
        learn(mission, text, applies=applies)
    assert [note.applies for note in all_notes(mission)] == [["src"], ["docs"], ["docs", "src"], []]


def test_notes_reach_those_whose_paths_they_may_be_about_the_newest_first(new_mission: NewMission) -> None:
    mission = new_mission()
    learn(mission, "Everywhere.")
    learn(mission, "About the sources.", applies=["src/**"])
    learn(mission, "About the pages.", applies=["docs/*.md"])
    numbers = {"": ["N-3", "N-2", "N-1"], "src/app.py": ["N-2", "N-1"], "docs": ["N-3", "N-1"], "x.py": ["N-1"]}
    for touches, expected in numbers.items():
        told = notes_about(mission, [touches] if touches else [])
        assert [note.split("`")[1] for note in told] == expected


def test_there_is_room_for_so_many(new_mission: NewMission) -> None:
    mission = new_mission()
    learn(mission, *(f"{number} {'ü' * 400}" for number in range(20)))
    told = notes_about(mission, [])
    assert ROOM - 1000 < sum(len(note.encode()) for note in told) <= ROOM
    assert told[0].startswith("`N-20` 19 ")


def test_later_agents_are_told_but_no_tester(new_mission: NewMission) -> None:
    mission = new_mission()
    learn(mission, "About the sources.", applies=["src/**"])
    profile = mission.plan.agent("player")
    asked = [Assignment.of(mission, role, "one", mission.repository.base, "Title", touches=["src"]) for role in Role]
    told = {assignment.role for assignment in asked if briefed(mission, assignment, profile).notes}
    assert told == set(Role) - {Role.TESTER}


def test_what_one_agent_hands_on_is_in_the_page_of_the_next(new_mission: NewMission) -> None:
    """Here the blueprint's own page; it says where the next one leaves its handoff."""
    said = {"salientSummary": "Done.", "notes": ["Run make first."]}
    steps = {name: [[{"write": {"path": "new", "text": name}}, {"handoff": said}]] for name in ("a", "b")}
    features = [{"id": name, "spec": f"Write {name}."} for name in ("a", "b")]
    own = {"instructions": {"worker": "Build $title.$notes"}}
    mission = new_mission({"milestones": [{"name": "one", "features": features}]} | own, {"worker": steps})
    for name in ("a", "b"):
        assert build_feature(mission, "one", name, mission.repository.base, {}).done
    first, second = (mission.folder.prompt(f"{name}.1").read_text() for name in ("a", "b"))
    assert first.startswith("Build a.\n\n# When you are done\n")
    assert second.startswith(
        "Build b.\n## What others learnt on the way (claims, not facts)\n\n- `N-1` Run make first. ("
    )
    assert f"the file `{mission.folder.worktrees}/b.1/handoff.json`" in second
    assert texts(mission) == ["Run make first."]
