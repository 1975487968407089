"""A mission planned by the scripted agent: what becomes a blueprint, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.commission import Commission, frame
from agents.planning import NotPlanned, Planned, draw_up
from agents.prompt import prompt
from blueprints.assembly import assembled, given, loaded
from blueprints.compose import compose
from blueprints.errors import MissionError
from blueprints.yaml_page import yaml_page
from ledger.report import StepStatus
from ledger.settings import Settings
from tests.conftest import Data
from workspaces.git import repository

SHARED = ["a"]


VALUES: list[Any] = [
    *("", "~", "yes", "true", "1", "-.5", "+1.0", "1e3", "2030-01-01", "010", "1:30", "a: b", "# no", "* x", "<<", "="),
    *("a\nb", "a\n\n  b\n", " a\n", "a \nb\n", "tab\tbed", "naïve 🙂", "word " * 60),
    *(1, True, None, 0.00000015, 1.5, [], {}, [[1], {"a": [{"b": SHARED}]}], [SHARED, SHARED]),
]

AGENTS = "agents:\n  player: {kind: scripted, script: script.yaml, retries: 1}\n"
PLAN: Data = {
    "milestones": [{"name": "one", "features": [{"id": "a", "spec": "Line 1.\nLine 2.\n", "fulfills": ["VAL-A-001"]}]}],
    "contract": {"VAL-A-001": {"says": "There is a.", "check": {"kind": "command", "run": "test -f new.txt"}}},
    "mission": "files",
}

Ask = Callable[..., Planned | NotPlanned]


def answer(**changes: object) -> Data:
    return {"answer": {"summary": "Planned.", "blueprint": yaml.safe_dump(PLAN | changes)}}


@pytest.fixture
def commissioned(tmp_path: Path, repo: Path) -> Callable[..., Commission]:
    """`commissioned(attempts, given=…)`: the plans that the agent will give, and what the person gives for them."""

    def make(*attempts: list[Data], given: str = AGENTS) -> Commission:
        (tmp_path / "agents.yaml").write_text(given)
        (tmp_path / "script.yaml").write_text(yaml.safe_dump({"orchestrator": {"plan": [*attempts]}}))
        known = frame("Files are written.", tmp_path / "agents.yaml", tmp_path / "mission.yaml")
        settings = Settings(home=tmp_path / "home", grace=1)
        return Commission(known, repository(repo, "main"), settings, settings.home / "plans" / "plan-1")

    return make


Commissioned = Callable[..., Commission]


def test_a_plan_becomes_a_blueprint_around_what_is_given(
    commissioned: Commissioned, repo: Path, owner: Callable[..., str]
) -> None:
    person = AGENTS + "reruns: 3\ngoal: Another.\ncontract: {VAL-B-001: {}}\nmilestones: []\n"
    planned = draw_up(commission := commissioned([answer()], given=person))
    assert isinstance(planned, Planned)
    page = planned.loaded.text
    assert page.startswith("# yaml-language-server: $schema=/")
    assert re.search(r"^# .*`mission plan`", page, re.MULTILINE)
    keys = ["mission", "goal", "agents", "contract", "reruns", "milestones"]
    assert re.findall(r"^(\w+):", page, re.MULTILINE) == keys
    assert "\ngoal: Files are written.\n" in page
    assert "        spec: |\n          Line 1.\n          Line 2.\n" in page
    assert {path.name for path in commission.folder.iterdir()} >= {"prompt.1.md", "transcript.1.jsonl", "answer.1.json"}
    assert owner(repo, "worktree", "list").count("\n") == 0
    assert not commission.frame.output.exists()


def test_a_plan_with_mistakes_is_mended_in_a_fresh_checkout(commissioned: Commissioned) -> None:
    wrong = [{"run": "echo > left.txt"}, answer(milestones=[{"name": "one", "features": [{"id": "a", "spec": "x"}]}])]
    right = [{"run": "test -f a.txt && test ! -e left.txt"}, answer()]
    commission = commissioned(wrong, right)
    assert isinstance(draw_up(commission), Planned)
    told = (commission.folder / "prompt.2.md").read_text()
    assert "contract.VAL-A-001: no feature fulfills it" in told
    assert "milestones[0].features[0].fulfills: is missing" in told


@pytest.mark.parametrize(
    ("step", "mistake"),
    [
        (answer(agents={}), "agents: 'agents' is given already; leave it out"),
        (answer(repairs=2), "repairs: 'repairs' is not yours to plan; leave it out"),
        ({"answer": {"summary": "Bad.", "blueprint": "a: ["}}, "not valid YAML"),
        ({"answer": {"summary": "Bad.", "blueprint": "- a"}}, "is not a mapping"),
    ],
)
def test_without_a_plan_that_is_right_there_is_none(commissioned: Commissioned, step: Data, mistake: str) -> None:
    result = draw_up(commission := commissioned([step], given=AGENTS.replace("retries: 1", "retries: 0")))
    assert isinstance(result, NotPlanned)
    assert mistake in "\n".join(result.mistakes)
    kept = commission.folder / "blueprint.1.yaml"
    assert result.answer == kept
    assert kept.read_text() == step["answer"]["blueprint"]


def test_the_plan_of_an_agent_that_changes_the_user_s_checkout_is_refused(
    commissioned: Commissioned, repo: Path
) -> None:
    result = draw_up(commission := commissioned([{"run": f"echo > '{repo}/new.txt'"}, answer()]))
    assert isinstance(result, NotPlanned)
    assert (result.status, "new.txt is new" in result.reason) == (StepStatus.QUARANTINED, True)
    assert not (commission.folder / "prompt.2.md").exists()


def test_a_fallback_plans_when_the_first_agent_s_provider_refuses_it(commissioned: Commissioned) -> None:
    several = (
        "agents:\n"
        "  first: {kind: scripted, script: script.yaml, retries: 0, fallback: [second]}\n"
        "  second: {kind: scripted, script: script.yaml, timeout: 2m}\n"
        "roles: {worker: first}\n"
    )
    refused = [{"fault": {"kind": "exhausted", "reason": "Come back later", "seconds": 600}}]
    planned = draw_up(commissioned(refused, [answer()], given=several))
    assert isinstance(planned, Planned)
    assert planned.agent == "second"


@pytest.mark.parametrize(
    ("person", "mistake"),
    [
        (AGENTS + "roles: {orchestrator: plyer}\n", "agents.yaml:3: roles.orchestrator: unknown agent 'plyer'"),
        (AGENTS + "  other: {kind: command, argv: [x]}\n", "roles.worker: is missing"),
        ("setup: [make]\n", "agents: is missing"),
    ],
)
def test_a_person_s_mistake_is_said_before_anybody_is_asked(
    commissioned: Commissioned, person: str, mistake: str
) -> None:
    with pytest.raises(MissionError, match=re.escape(mistake)):
        commissioned([answer()], given=person)


def test_the_example_that_the_agent_is_shown_has_no_mistake(commissioned: Commissioned, tmp_path: Path) -> None:
    commission = commissioned([])
    page = prompt(commission.assignment("player", 1, []))
    example = re.search(r"# What you write\n\n```yaml\n(.*?)```", page, re.DOTALL)
    assert example
    whole = assembled(given(compose(AGENTS, "agents.yaml")), "Export.", compose(example[1], "example"))
    assert loaded(whole, "mission.yaml", tmp_path).blueprint.contract
    assert page.count('"blueprint": ') == page.count("- `fulfills`[]: ") == 1


def test_what_is_written_is_read_back() -> None:
    assert compose(yaml_page({"key": VALUES}, ["A comment."]), "page").root.value == {"key": VALUES}


def test_lists_stand_below_their_keys_and_texts_of_several_lines_stay_as_they_are() -> None:
    page = yaml_page({"a": "x", "b": 1, "c": [{"run": "one\ntwo\n", "uses": ["d"]}]}, ["Hello."])
    assert page == "# Hello.\n\na: x\nb: 1\n\nc:\n  - run: |\n      one\n      two\n    uses:\n      - d\n"
