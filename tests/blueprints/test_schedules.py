"""Mistakes in a schedule, and what an approval in advance is good for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from blueprints.envelope import outside
from blueprints.load import load_text

Mistakes = Callable[..., list[str]]

LATER = date.today() + timedelta(days=30)
SCHEDULE = "schedule: {cron: '0 22 * * 1-5', timezone: Europe/Berlin, window: '22:00-06:30'}\n"


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        (
            "{timezone: Europe/Berln}",
            "schedule.timezone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        ("{timezone: ../passwd}", "schedule.timezone: unknown time zone"),
        ("{window: 22-6}", "schedule.window: '22-6' is not a window; write it like 22:00-06:30"),
        ("{cron: at ten}", "schedule.cron: 'at ten' is not a line of a crontab; write five fields"),
        (f"{{approve: {{by: Ada, expires: {LATER}}}}}", "schedule.approve: approves whatever the plan becomes"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_a_mistake(mistakes: Mistakes, base: str, schedule: str, told: str) -> None:
    (line,) = mistakes(f"{base}schedule: {schedule}\n")
    assert told in line


def test_a_schedule_is_no_part_of_the_plan_that_is_approved(base: str, tmp_path: Path) -> None:
    plain, scheduled = (load_text(text, "todo.yaml", tmp_path).plan for text in (base, base + SCHEDULE))
    assert plain.digest == scheduled.digest
    assert scheduled.blueprint.schedule.hours


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("plan: {digest}", ""),
        ("maxFeatures: 2, maxAgentRuns: 10", ""),
        ("plan: 0123456789ab", "it is for the plan 0123456789ab, and this is"),
        ("maxFeatures: 1", "it is for 1 features at most, and the plan has 2"),
        ("maxAgentRuns: 1", "it is for 1 agent runs at most, and the plan may take"),
    ],
)
def test_an_approval_in_advance_counts_within_its_limits(base: str, tmp_path: Path, limits: str, told: str) -> None:
    digest = load_text(base, "todo.yaml", tmp_path).plan.digest
    assert _outside(base, tmp_path, f"expires: {LATER}, {limits.format(digest=digest[:12])}").startswith(told)


def test_an_approval_in_advance_expires(base: str, tmp_path: Path) -> None:
    yesterday = date.today() - timedelta(days=2)
    assert _outside(base, tmp_path, f"expires: {yesterday}, maxFeatures: 9").startswith(f"it expired on {yesterday}")


def test_an_approval_in_advance_is_not_for_moving_the_base_branch_unless_it_says_so(base: str, tmp_path: Path) -> None:
    limits = f"expires: {LATER}, maxFeatures: 9"
    assert "poc: true" in _outside(f"{base}mode: poc\n", tmp_path, limits)
    assert not _outside(f"{base}mode: poc\n", tmp_path, f"{limits}, poc: true")


def _outside(text: str, folder: Path, limits: str) -> str:
    plan = load_text(f"{text}schedule: {{approve: {{by: Ada, {limits}}}}}\n", "todo.yaml", folder).plan
    return "; ".join(outside(plan))
