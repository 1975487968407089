"""A question answered by the scripted agent: what counts as an answer, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.answers import Review
from agents.base import Assignment
from agents.inquiry import Inquiry, NotAnswered, inquire
from blueprints.schema import Role
from ledger.events import Kind
from ledger.fold import build_report
from tests.accepted import NewMission, one_milestone
from tests.conftest import Data
from workspaces.mission import Mission

PASS: Data = {"status": "pass", "summary": "It does what it says.", "issues": []}
ANSWER: list[Data] = [{"answer": PASS}]
EMPTY: list[Data] = [{"answer": {}}]
SILENCE: list[Data] = []


def play(*attempts: object) -> Data:
    return {"scrutiny": {"a": list(attempts)}}


def retrying(times: int, **profile: object) -> Data:
    """A blueprint whose agent may try so often again."""
    player = {"kind": "scripted", "script": "script.yaml", "retries": times, **profile}
    return one_milestone() | {"agents": {"player": player}}


@pytest.fixture
def place(tmp_path: Path) -> Callable[[], AbstractContextManager[Path]]:
    """Makes a folder with room beside it; all of them stay."""

    @contextmanager
    def made() -> Generator[Path]:
        number = len(list(tmp_path.glob("place-*")))
        folder = tmp_path / f"place-{number}" / "folder"
        folder.mkdir(parents=True)
        yield folder

    return made


def _contradiction(review: Review, _folder: Path) -> str:
    return review.contradiction


Ask = Callable[..., Review | NotAnswered]


@pytest.fixture
def ask(tmp_path: Path, place: Callable[[], AbstractContextManager[Path]]) -> Ask:
    """`ask(mission)`: a review of feature `a`; the evidence goes to `evidence`."""

    def asked(mission: Mission, **changes: Any) -> Review | NotAnswered:
        assignment = Assignment.of(
            mission, Role.SCRUTINY, "one", mission.repository.base, "Title", feature="a", spec="Write a."
        )
        values: dict[str, Any] = {
            "assignment": assignment,
            "answer": Review,
            "place": place,
            "timeout": 60,
            "evidence": tmp_path / "evidence",
            "objection": _contradiction,
        }
        return inquire(mission, Inquiry(**values | changes))

    return asked


def refused(answer: Review | NotAnswered) -> str:
    assert isinstance(answer, NotAnswered)
    return answer.reason


def kinds(mission: Mission) -> list[Kind]:
    return [event.kind for event in mission.ledger.events][1:]


def test_an_answer_is_returned(new_mission: NewMission, ask: Ask) -> None:
    answer = ask(new_mission(script=play(ANSWER)))
    assert isinstance(answer, Review)
    assert answer.summary == "It does what it says."


def test_the_answer_is_kept_as_it_was_written(new_mission: NewMission, ask: Ask, tmp_path: Path) -> None:
    ask(new_mission(script=play([{"answer": PASS | {"mood": "good"}}])))
    assert json.loads((tmp_path / "evidence" / "answer.json").read_text()) == PASS | {"mood": "good"}


def test_the_ledger_tells_start_and_end_but_of_no_commit(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(script=play(ANSWER))
    ask(mission)
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_COMPLETED]
    ended = mission.ledger.events[-1].data
    assert (ended["role"], ended["workerSessionId"], ended["featureId"]) == ("scrutiny", "scrutiny.a.1", "a")
    assert {"key", "commitId"}.isdisjoint(ended)


def test_the_report_counts_the_agent_but_no_feature(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(script=play(ANSWER))
    ask(mission)
    totals = build_report(mission.run, mission.plan, mission.ledger.events).totals
    assert (totals.agent_runs, totals.features) == (1, 0)
    assert totals.seconds_by_role["scrutiny"] > 0


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (SILENCE, "the agent gave no answer"),
        (EMPTY, "malformed answer: summary: Field required"),
        ([{"answer": ""}], "malformed answer: not JSON"),
        ([{"answer": "It looks good to me."}], "malformed answer: not JSON"),
        ([{"answer": {"status": "pass", "summary": "x"}}], "malformed answer: issues: Field required"),
        ([{"answer": PASS | {"status": "fail"}}], "it contradicts itself: status fail without a blocking issue"),
        ([{"run": 'ln -s /etc/passwd "$MISSION_HANDOFF"'}], "the answer is not a plain file"),
        ([{"run": 'head -c 300000 /dev/zero > "$MISSION_HANDOFF"'}], "the answer is not a plain file of at most"),
        ([*ANSWER, {"fail": "Stuck"}], "the agent ended with exit code 1"),
        ([*ANSWER, {"crash": True}], "the agent ended with exit code 137"),
    ],
    ids=["nothing", "empty object", "empty", "prose", "incomplete", "contradiction", "link", "long", "fail", "crash"],
)
def test_what_is_no_answer_is_not_taken_for_one(new_mission: NewMission, ask: Ask, steps: Any, why: str) -> None:
    mission = new_mission(script=play(steps))
    assert refused(ask(mission)).startswith(why)
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]


def test_an_agent_without_steps_for_this_gives_no_answer(new_mission: NewMission, ask: Ask) -> None:
    assert refused(ask(new_mission(script={"worker": {}}))).startswith("the agent ended with exit code 2")


@pytest.mark.parametrize(("check", "agent"), [(0.5, "60s"), (60, "500ms")], ids=["the check's", "the agent's"])
def test_the_shorter_time_limit_counts(new_mission: NewMission, ask: Ask, check: float, agent: str) -> None:
    mission = new_mission(retrying(0, timeout=agent), play([*ANSWER, {"hang": True}]))
    assert "time limit" in refused(ask(mission, timeout=check))


def test_a_malformed_answer_is_kept_too(new_mission: NewMission, ask: Ask, tmp_path: Path) -> None:
    ask(new_mission(script=play([{"answer": "It looks good to me."}])))
    assert (tmp_path / "evidence" / "answer.json").read_text() == "It looks good to me."


def test_another_agent_is_asked_and_told_why(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(retrying(1), play(EMPTY, ANSWER))
    assert isinstance(ask(mission), Review)
    told = mission.folder.prompt("scrutiny.a.2").read_text()
    assert "An earlier answer to this did not count: malformed answer: summary: Field required" in told


def test_each_agent_finds_a_folder_of_its_own(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(retrying(1), play([{"run": "touch junk"}], [{"run": "test ! -e junk"}, *ANSWER]))
    assert isinstance(ask(mission), Review)


def test_no_more_agents_are_asked_than_allowed(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(retrying(2), play(EMPTY))
    refused(ask(mission))
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED] * 3


def test_an_earlier_answer_is_not_left_as_the_evidence_of_a_later_silence(
    new_mission: NewMission, ask: Ask, tmp_path: Path
) -> None:
    ask(new_mission(retrying(1), play(EMPTY, [{"say": "Hm."}])))
    assert not (tmp_path / "evidence" / "answer.json").exists()


def test_agents_are_numbered_through_all_questions_about_the_same(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(script=play(ANSWER, [{"answer": PASS | {"summary": "Still."}}]))
    ask(mission)
    again = ask(mission)
    assert isinstance(again, Review)
    assert again.summary == "Still."
    assert "wrong before" not in mission.folder.prompt("scrutiny.a.2").read_text()


def test_an_agent_that_touches_the_user_s_checkout_is_not_believed_and_no_other_is_asked(
    new_mission: NewMission, ask: Ask
) -> None:
    mission = new_mission(retrying(3))
    harm = {"run": f"echo harm >> {mission.root}/a.txt"}
    (Path(mission.plan.folder) / "script.yaml").write_text(json.dumps(play([harm, *ANSWER])))
    mission.at_work.add("b.1")
    why = "the user's checkout changed while this agent ran (as did b.1): a.txt is changed"
    assert refused(ask(mission)) == why
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]


def test_a_stopped_mission_asks_nobody(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(script=play(ANSWER))
    mission.stop.set()
    assert refused(ask(mission)) == "the mission was stopped"
    assert kinds(mission) == []


def test_an_agent_that_is_asked_when_the_mission_stops_is_paused(new_mission: NewMission, ask: Ask) -> None:
    mission = new_mission(retrying(3), play([*ANSWER, {"hang": True}]))
    mission.ledger.listen(lambda event: mission.stop.set() if event.kind is Kind.WORKER_STARTED else None)
    assert refused(ask(mission)) == "the mission was stopped"
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_PAUSED]


def test_a_folder_that_cannot_be_made_is_no_answer(new_mission: NewMission, ask: Ask, tmp_path: Path) -> None:
    @contextmanager
    def full() -> Generator[Path]:
        raise OSError("no space left on device")
        yield tmp_path

    mission = new_mission(script=play(ANSWER))
    assert refused(ask(mission, place=full)) == "its workspace could not be used: no space left on device"
    assert kinds(mission) == [Kind.WORKER_STARTED, Kind.WORKER_FAILED]


def test_the_agent_sees_the_variables_of_the_inquiry(new_mission: NewMission, ask: Ask) -> None:
    tell = {"run": 'test "$APP_URL $MISSION_ROLE" = "http://127.0.0.1:1 scrutiny"'}
    mission = new_mission(script=play([tell, *ANSWER]))
    own = {"APP_URL": "http://127.0.0.1:1", "MISSION_ROLE": "worker"}
    assert isinstance(ask(mission, variables=own), Review)


def test_a_declared_secret_is_not_in_the_kept_answer(
    new_mission: NewMission, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "value-of-the-token")
    tell = 'printf \'{"status": "pass", "issues": [], "summary": "%s"}\' "$API_TOKEN" > "$MISSION_HANDOFF"'
    answer = ask(new_mission(retrying(0, env=["API_TOKEN"]), play([{"run": tell}])))
    assert isinstance(answer, Review)
    assert answer.summary == "[API_TOKEN]"
    assert "[API_TOKEN]" in (tmp_path / "evidence" / "answer.json").read_text()
