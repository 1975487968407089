from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprints.load import load_text
from blueprints.schema import Blueprint

Mistakes = Callable[..., list[str]]


def changed(text: str, folder: Path, key: str, value: str) -> Blueprint:
    return load_text(text, "todo.yaml", folder, {key: value}).blueprint


def test_a_top_level_value_is_replaced(base: str, tmp_path: Path) -> None:
    assert changed(base, tmp_path, "maxConcurrency", "8").max_concurrency == 8


def test_a_mapping_that_is_not_there_is_made(base: str, tmp_path: Path) -> None:
    assert changed(base, tmp_path, "repository.baseBranch", "dev").repository.base_branch == "dev"


def test_an_agent_s_value_is_replaced(base: str, tmp_path: Path) -> None:
    assert changed(base, tmp_path, "agents.builder.timeout", "5m").agents["builder"].timeout == 300


def test_an_item_of_a_list_is_replaced(base: str, tmp_path: Path) -> None:
    assert changed(base, tmp_path, "milestones.0.name", "x").milestones[0].name == "x"


def test_what_is_around_stays(base: str, tmp_path: Path) -> None:
    blueprint = changed(base, tmp_path, "milestones.0.features.1.spec", "Other.")
    assert [feature.spec for feature in blueprint.milestones[0].features] == ["Do a.", "Other."]


def test_a_value_reads_as_in_yaml_and_quotes_make_text(base: str, tmp_path: Path) -> None:
    assert changed(base, tmp_path, "requirePlanApproval", "false").require_plan_approval is False
    assert changed(base, tmp_path, "goal", "'3'").goal == "3"
    assert changed(base, tmp_path, "goal", "Do: this, [now] # all").goal == "Do: this, [now] # all"


def test_an_alias_is_changed_at_one_place_only(base: str, tmp_path: Path) -> None:
    agents = "  builder: &a {kind: command, argv: [x]}\n  other: *a\nroles: {worker: other}\n"
    text = base.replace("  builder: {kind: command, argv: [agent]}\n", agents)
    blueprint = changed(text, tmp_path, "agents.other.timeout", "5m")
    assert [agent.timeout for agent in blueprint.agents.values()] == [3600, 300]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("maxConcurency", "8", "maxConcurency: unknown key 'maxConcurency'; did you mean 'maxConcurrency'?"),
        ("maxConcurrency", "many", "maxConcurrency: is the text 'many'; write a whole number"),
        (
            "agents.other.timeout",
            "5m",
            "agents.other.kind: is missing; add 'kind:', one of: command, scripted, anthropic, openai, claude-code, "
            "codex, opencode, gemini, droid",
        ),
        ("roles.worker", "biulder", "roles.worker: unknown agent 'biulder'; did you mean 'builder'?"),
        ("milestones.7.name", "x", "no item '7' in a list of 1; items are numbered from 0"),
        ("milestones.first.name", "x", "no item 'first' in a list of 1; items are numbered from 0"),
        (
            "mission.name",
            "x",
            "there is no 'name' inside a single value; write a key such as repository.baseBranch",
        ),
        ("", "x", "a part of the key is empty; write a key such as repository.baseBranch"),
        ("roles..worker", "x", "a part of the key is empty; write a key such as repository.baseBranch"),
        ("goal", "a\0b", "the character U+0000 is not allowed; remove it"),
    ],
)
def test_a_mistake_names_its_setting(mistakes: Mistakes, base: str, key: str, value: str, line: str) -> None:
    assert f"--set {key}: {line}" in mistakes(base, **{key: value})


@pytest.mark.parametrize("key", ["a" + ".b" * 500, "a\nb", "a.b.c"])
def test_a_strange_key_is_one_line_that_names_it(mistakes: Mistakes, base: str, key: str) -> None:
    (line,) = mistakes(base, **{key: "x"})
    assert line.startswith("--set a")


def test_mistakes_of_several_settings_are_told_together(mistakes: Mistakes, base: str) -> None:
    assert len(mistakes(base, milestones__9="x", mission__x="y")) == 2
