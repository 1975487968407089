from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

Mistakes = Callable[..., list[str]]

SOON = date.today() + timedelta(days=30)


@pytest.fixture
def several(base: str) -> str:
    """A blueprint with checks of all sorts of names."""
    text = base.replace("fulfills: [], because: Groundwork.", "fulfills: [VAL-A-001, VAL-B-001]", 1)
    return text + (
        "    validate: [{kind: manual}, {kind: command, run: lint, name: the lint}]\n"
        "contract:\n"
        "  VAL-A-001: {says: x, check: {kind: manual}}\n"
        "  VAL-B-001: {says: x, checks: [{kind: manual, name: the look}, {kind: user-test}]}\n"
    )


def quarantined(text: str, name: str, until: object = SOON) -> str:
    return text + f"quarantine:\n  {name}: {{until: {until}, because: The clock.}}\n"


@pytest.mark.parametrize(
    "name",
    ["VAL-A-001", "VAL-B-001", "VAL-B-001.2", "validator-1", "validate-2", "the lint", "the look"],
)
def test_a_check_goes_by_its_id_its_assertion_or_its_name(mistakes: Mistakes, several: str, name: str) -> None:
    assert mistakes(quarantined(several, name)) == []


@pytest.mark.parametrize("name", ["VAL-A-001.1", "VAL-B-001.3", "validator-2", "validate-3", "lint"])
def test_anything_else_is_unknown(mistakes: Mistakes, several: str, name: str) -> None:
    (line,) = mistakes(quarantined(several, name))
    assert line.startswith("todo.yaml:17: quarantine")
    assert f"unknown check '{name}'; did you mean '" in line


class Day(date):
    @classmethod
    def today(cls) -> Day:
        return cls(2030, 1, 1)


@pytest.fixture
def new_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprints.quarantine.date", Day)


@pytest.mark.usefixtures("new_year")
@pytest.mark.parametrize("until", ["2030-04-02", "2031-01-01"])
def test_a_quarantine_of_more_than_90_days_is_too_long(mistakes: Mistakes, several: str, until: str) -> None:
    assert mistakes(quarantined(several, "VAL-A-001", until)) == [
        "todo.yaml:17: quarantine.VAL-A-001.until: "
        "a quarantine lasts at most 90 days; write 2030-04-01 or an earlier day"
    ]


@pytest.mark.usefixtures("new_year")
@pytest.mark.parametrize("until", ["2030-04-01", "2020-01-01"])
def test_a_shorter_or_past_one_is_no_mistake(mistakes: Mistakes, several: str, until: str) -> None:
    assert mistakes(quarantined(several, "VAL-A-001", until)) == []
