"""`kind: user-test`, played by the scripted agent."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blueprints.checks import UserTestCheck
from ledger.events import Kind
from tests.accepted import NewMission, one_milestone
from tests.conftest import Data
from validators.base import Bench, Observation
from validators.user_test import LARGEST, UserTestValidator
from workspaces.mission import Mission

CHECK = "VAL-A-001"
STEP = {"action": "open /", "expected": "a page", "observed": "a page"}


def judged(status: str = "pass", identifier: str = CHECK, **more: object) -> Data:
    return {"id": identifier, "status": status, "steps": [STEP]} | more


def answer(*assertions: Data, **more: object) -> Data:
    return {"answer": {"summary": "Tested.", "assertions": list(assertions)} | more}


@dataclass
class Table:
    """A user test of one assertion, played by the steps in the script."""

    mission: Mission
    folder: Path
    assertions: dict[str, str] = field(default_factory=lambda: {CHECK: "There is a page."})
    addresses: dict[str, str] = field(default_factory=lambda: {"app": "http://127.0.0.1:4000"})

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    def look(self, **check: Any) -> Observation:
        milestone, base = self.mission.plan.milestones[0], self.mission.repository.base
        asked = UserTestCheck.model_validate({"kind": "user-test", "services": ["app"]} | check)
        validator = UserTestValidator(asked, self.mission, milestone, CHECK, self.assertions)
        bench = Bench(self.folder, self.evidence, self.mission.stop, base, base, self.addresses)
        return validator.look(bench)

    def told(self) -> str:
        return self.mission.folder.prompt(f"tester.{CHECK}.1").read_text()


@pytest.fixture
def table(new_mission: NewMission, tmp_path: Path) -> Callable[..., Table]:
    """`table(step, …)`: what the tester does, in one attempt."""

    def make(*steps: object, **blueprint: object) -> Table:
        mission = new_mission(one_milestone() | blueprint, {"tester": {CHECK: [list(steps)]}})
        (tmp_path / "evidence").mkdir()
        return Table(mission, tmp_path)

    return make


NewTable = Callable[..., Table]


def test_an_assertion_that_was_seen_to_hold_passes(table: NewTable) -> None:
    assert table(answer(judged())).look() == Observation.passed("1 assertion tested in 1 step")


def test_several_assertions_pass_together(table: NewTable) -> None:
    made = table(answer(judged(), judged(identifier="VAL-A-002", steps=[STEP, STEP])))
    made.assertions["VAL-A-002"] = "It is green."
    assert made.look().reason == "2 assertions tested in 3 steps"


def test_an_assertion_that_was_seen_not_to_hold_fails(table: NewTable) -> None:
    seen = table(answer(judged("fail", issues=["The page is empty."]))).look()
    assert (seen.status, seen.reason) == ("failed", "VAL-A-001 fail: The page is empty.")


def test_a_failure_without_issues_tells_what_was_observed(table: NewTable) -> None:
    seen = table(answer(judged("fail", steps=[STEP, STEP | {"observed": "status 500"}]))).look()
    assert (seen.status, seen.reason) == ("failed", "VAL-A-001 fail: status 500")


@pytest.mark.parametrize("status", ["blocked", "skipped"])
def test_what_was_not_tested_is_inconclusive(table: NewTable, status: str) -> None:
    seen = table(answer(judged(status, steps=[], issues=["There is no login."]))).look()
    assert (seen.status, seen.reason) == ("inconclusive", f"VAL-A-001 {status}: There is no login.")


def test_a_failure_outweighs_what_was_not_tested(table: NewTable) -> None:
    made = table(answer(judged("blocked"), judged("fail", identifier="VAL-A-002")))
    made.assertions["VAL-A-002"] = "It is green."
    assert made.look() == Observation.failed("VAL-A-002 fail: a page")


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"say": "All good."}, "the agent gave no answer"),
        ({"answer": {}}, "malformed answer: summary: Field required"),
        ({"answer": "All good."}, "malformed answer: not JSON"),
        (answer(), "it says nothing about VAL-A-001"),
        (answer(judged(), judged()), "it judges VAL-A-001 more than once"),
        (answer(judged(), judged(identifier="VAL-B-001")), "it judges VAL-B-001, which was not asked"),
        (answer(judged(steps=[])), "VAL-A-001: it says pass but observed nothing"),
        (answer(judged(steps=[STEP | {"observed": ""}])), "VAL-A-001: it says pass but observed nothing"),
        ({"fail": "No browser."}, "the agent ended with exit code 1: fail: failed in step 1: No browser."),
    ],
    ids=["nothing", "empty", "prose", "none", "twice", "unknown", "no steps", "unseen", "fail"],
)
def test_what_is_no_answer_is_inconclusive(table: NewTable, step: object, why: str) -> None:
    assert table(step).look() == Observation.inconclusive(f"user test: {why}")


def test_nothing_to_test_is_inconclusive_and_nobody_is_asked(table: NewTable) -> None:
    made = table(answer())
    made.assertions.clear()
    assert made.look() == Observation.inconclusive("there is no assertion to test")
    assert Kind.WORKER_STARTED not in [event.kind for event in made.mission.ledger.events]


def test_a_service_without_an_address_is_inconclusive(table: NewTable) -> None:
    made = table(answer(judged()))
    assert made.look(services=["app", "db"]) == Observation.inconclusive("the address of db is not known")


def test_the_tester_s_folder_is_empty_and_no_checkout(table: NewTable) -> None:
    look = 'test -z "$(ls -A)" && ! git rev-parse --show-toplevel'
    made = table({"run": look}, answer(judged()))
    assert made.look().status == "passed"
    assert not any(made.mission.folder.worktrees.glob("*"))


def test_the_tester_gets_the_addresses_of_the_services_it_is_for(table: NewTable) -> None:
    look = 'test "$APP_URL $APP_PORT" = "http://127.0.0.1:4000 4000" && test -z "${DB_URL-}${MISSION_EVIDENCE-}"'
    made = table({"run": look}, answer(judged()))
    made.addresses["db"] = "http://127.0.0.1:5000"
    assert made.look(instructions="Log in at {{app.url}}/login.").status == "passed"
    for part in ("`app` http://127.0.0.1:4000", "Log in at http://127.0.0.1:4000/login.", "There is a page."):
        assert part in made.told()
    assert "5000" not in made.told()


def test_the_tester_is_told_neither_specification_nor_source(table: NewTable) -> None:
    made = table(answer(judged()))
    made.look()
    assert "Write a." not in made.told()
    assert str(made.mission.root) not in made.told()


def test_the_tester_uses_the_running_program_and_keeps_what_it_saw(table: NewTable, page: str) -> None:
    get = (
        "exec 3<>/dev/tcp/127.0.0.1/$APP_PORT; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; mkdir seen; cat <&3 > seen/page"
    )
    made = table({"run": get}, answer(judged(evidence=["seen/page"])))
    made.addresses["app"] = page
    assert made.look().status == "passed"
    assert (made.evidence / "seen" / "page").read_text().endswith("hello")


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a program that says hello."""

    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_answer_is_kept_as_evidence(table: NewTable) -> None:
    made = table(answer(judged()))
    made.look()
    assert json.loads((made.evidence / "answer.json").read_text())["assertions"] == [judged()]


@pytest.mark.parametrize(
    ("prepare", "name"),
    [
        ("true", "absent.png"),
        ("mkdir shots", "shots"),
        ("ln -s /etc/passwd shot.png", "shot.png"),
        ("ln -s /etc etc", "etc/passwd"),
        ("true", "/etc/passwd"),
        ("true", "../assignment.json"),
        ("mkdir a && touch b", "a/../b"),
        ("mkfifo pipe", "pipe"),
        ("true", "x" * 4000),
    ],
    ids=["absent", "folder", "link", "through a link", "absolute", "outside", "detour", "pipe", "long name"],
)
def test_evidence_that_is_not_a_file_of_its_own_is_inconclusive(table: NewTable, prepare: str, name: str) -> None:
    made = table({"run": prepare}, answer(judged(evidence=[name])))
    why = f"user test: its evidence '{name[:100]}' is not a plain file in its folder"
    assert made.look() == Observation.inconclusive(why)
    assert [path.name for path in made.evidence.iterdir()] == ["answer.json"]


@pytest.mark.parametrize("name", ["answer.json", "setup.log"])
def test_evidence_takes_the_place_of_no_other(table: NewTable, name: str) -> None:
    made = table({"run": f"echo forged > {name}"}, answer(judged(evidence=[name])))
    (made.evidence / "setup.log").write_text("engine's")
    assert "has a name that the engine's own evidence has" in made.look().reason
    assert "forged" not in (made.evidence / name).read_text()


def test_evidence_that_is_too_long_is_inconclusive(table: NewTable) -> None:
    made = table({"run": f"truncate -s {LARGEST + 1} film"}, answer(judged(evidence=["film"])))
    assert "'film' is longer than" in made.look().reason


def test_evidence_named_by_several_assertions_is_kept_once(table: NewTable) -> None:
    both = [judged(evidence=["log"]), judged(identifier="VAL-A-002", evidence=["log"])]
    made = table({"run": "echo seen > log"}, answer(*both))
    made.assertions["VAL-A-002"] = "It is green."
    assert made.look().status == "passed"
    assert (made.evidence / "log").read_text() == "seen\n"


def test_a_declared_secret_is_in_no_evidence(table: NewTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "value-of-the-token")
    player = {"kind": "scripted", "script": "script.yaml", "retries": 0, "env": ["API_TOKEN"]}
    made = table({"run": 'echo "$API_TOKEN" > log'}, answer(judged(evidence=["log"])), agents={"player": player})
    assert made.look().status == "passed"
    assert (made.evidence / "log").read_text() == "[API_TOKEN]\n"


def test_frictions_and_issues_are_handed_on_as_not_blocking(table: NewTable) -> None:
    seen = table(answer(judged(issues=["The page is slow."]), frictions=["The button is small."])).look()
    assert [(issue.severity, issue.description) for issue in seen.issues] == [
        ("non_blocking", "VAL-A-001: The page is slow."),
        ("non_blocking", "The button is small."),
    ]


def test_what_a_former_life_left_is_not_in_the_tester_s_folder(table: NewTable) -> None:
    made = table({"run": "test ! -e junk"}, answer(judged()))
    left = made.mission.folder.worktrees / f"tester.one.{CHECK}" / "folder"
    left.mkdir(parents=True)
    (left / "junk").touch()
    assert made.look().status == "passed"


def test_a_test_of_a_stopped_mission_is_inconclusive(table: NewTable) -> None:
    made = table(answer(judged()))
    made.mission.stop.set()
    assert made.look() == Observation.inconclusive("user test: the mission was stopped")
