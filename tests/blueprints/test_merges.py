from __future__ import annotations

import pytest

from tests.blueprints.conftest import Mistakes


@pytest.mark.parametrize(
    "rule",
    [
        "{paths: [docs/api/**], run: make docs}",
        "{paths: [Cargo.lock], run: cargo update -w, beside: true}",
        "{paths: [CHANGELOG.md], union: true}",
        "{paths: [names.txt], sort: true}",
    ],
)
def test_files_are_made_anew_or_are_lists(mistakes: Mistakes, base: str, rule: str) -> None:
    assert mistakes(f"{base}merges: [{rule}]\n") == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{paths: [a]}", "merges[0]: has neither 'run' nor 'union' nor 'sort'; give one of them"),
        ("{paths: [a], run: make a, sort: true}", "merges[0]: has both a command and a list; give one of them"),
        (
            "{paths: [a, ../b], union: true}",
            "merges[0].paths[1]: '../b' leaves its folder; write it relative to the repository's root, such as src/**",
        ),
    ],
)
def test_rule_that_says_nothing_sound_is_a_mistake(mistakes: Mistakes, base: str, rule: str, said: str) -> None:
    assert mistakes(f"{base}merges: [{rule}]\n") == [f"todo.yaml:12: {said}"]
