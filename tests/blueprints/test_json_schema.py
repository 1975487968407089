from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from blueprints import json_schema
from blueprints.compose import compose
from blueprints.text import Data

Mistakes = Callable[..., list[str]]

COMMITTED = Path(json_schema.__file__).with_name("mission.schema.json")


def flaws(text: str) -> list[str]:
    validator: Any = Draft202012Validator(json_schema.json_schema())
    paths = [error.json_path for error in validator.iter_errors(compose(text, "todo.yaml").root.value)]
    return [re.sub(r"\['([^']*)'\]", r".\1", path) for path in paths]


def properties(schema: Data, path: str = "$") -> Iterator[tuple[str, dict[str, Data]]]:
    """Each property of each object in the schema."""
    items = enumerate(schema) if isinstance(schema, list) else schema.items() if isinstance(schema, dict) else ()
    for key, value in items:
        if key == "properties" and isinstance(value, dict):
            yield from ((f"{path}.{name}", inner) for name, inner in value.items() if isinstance(inner, dict))
        yield from properties(value, f"{path}.{key}")


def test_the_committed_copy_is_fresh() -> None:
    assert COMMITTED.read_text() == json_schema.text(), "mission schema > blueprints/mission.schema.json"


def test_it_is_a_schema_of_its_draft() -> None:
    schema = json_schema.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_every_key_is_explained() -> None:
    found = list(properties(json_schema.json_schema()))
    assert len(found) > 40
    assert [path for path, schema in found if not schema.get("description")] == []


def test_only_what_has_no_default_is_required() -> None:
    schema: Any = json_schema.json_schema()
    assert schema["required"] == ["mission", "goal", "agents", "milestones"]
    assert schema["$defs"]["Feature"]["required"] == ["id", "spec"]
    assert schema["$defs"]["CommandAgent"]["required"] == ["kind", "argv"]
    assert schema["$defs"]["Assertion"]["required"] == ["says"]
    assert schema["$defs"]["PytestCheck"]["required"] == ["kind"]
    assert schema["$defs"]["Service"]["required"] == ["start"]


def test_good_blueprints_are_valid(base: str, full: str, every: str) -> None:
    assert flaws(base) == []
    assert flaws(full) == []
    assert flaws(every) == []


def test_every_kind_of_check_is_among_the_good_ones(every: str) -> None:
    schema: Any = json_schema.json_schema()
    kinds = [schema["$defs"][name]["properties"]["kind"]["const"] for name in schema["$defs"] if name.endswith("Check")]
    assert len(kinds) == 11
    assert [kind for kind in kinds if f"kind: {kind}" not in every] == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("goal:", "gaol:", "$"),
        ("mission: todo", "mission: To Do", "$.mission"),
        ("goal:", "maxConcurrency: '3'\ngoal:", "$.maxConcurrency"),
        ("goal:", "maxConcurrency: 65\ngoal:", "$.maxConcurrency"),
        ("goal:", "useWorktrees: yes\ngoal:", "$.useWorktrees"),
        ("goal:", "mode: fast\ngoal:", "$.mode"),
        ("kind: command, argv", "kind: comand, argv", "$.agents.builder"),
        ("argv: [agent]", "argv: []", "$.agents.builder"),
        ("argv: [agent]", "argv: [agent], timeout: 5x", "$.agents.builder"),
        ("argv: [agent]", "argv: [agent], timeout: 0", "$.agents.builder"),
        ("  builder:", "  my builder:", "$.agents"),
        ("goal:", "contract: {VAL-1: {says: x, check: {kind: command, run: x}}}\ngoal:", "$.contract"),
        ("needs: [a]", "needs: a", "$.milestones[0].features[1].needs"),
    ],
)
def test_bad_blueprints_are_not(base: str, old: str, new: str, path: str) -> None:
    assert old in base
    assert path in flaws(base.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("kind: http", "kind: htpp", "$.contract.VAL-NOTES-001"),
        ("method: POST", "method: post", "$.contract.VAL-NOTES-001"),
        ("path: /notes", "path: notes", "$.contract.VAL-NOTES-001"),
        ("status: [200, 201]", "status: ['200']", "$.contract.VAL-NOTES-001"),
        ("{goto: /}", "{gotoo: /}", "$.contract.VAL-NOTES-001"),
        ("{role: button, name: New}", "{rolle: button}", "$.contract.VAL-NOTES-001"),
        ("POST /notes -> 201", "POST /notes", "$.contract.VAL-NOTES-001"),
        ("minimum: 80.5", "minimum: 101", "$.contract.VAL-CODE-001"),
        ("kind: pytest, run", "kind: manual, run", "$.tests"),
        ("port: 5001", "port: 0", "$.services.store.port"),
        ("until: ", "untl: ", "$.quarantine.VAL-NOTES-002"),
        ("reruns: 2", "reruns: 21", "$.reruns"),
        ("tester: critic", "testr: critic", "$.roles"),
        ("testsOnly: true", "testsOnly: yes", "$.milestones[0].features[1].testsOnly"),
        ("invariant: true", "invariant: 1", "$.contract.VAL-NOTES-003.invariant"),
    ],
)
def test_bad_proofs_are_not(every: str, mistakes: Mistakes, old: str, new: str, path: str) -> None:
    assert old in every
    changed = every.replace(old, new, 1)
    assert any(flaw.startswith(path) for flaw in flaws(changed))
    assert mistakes(changed)
