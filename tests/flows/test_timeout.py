"""When the plan's gate is over by itself, and what is decided then."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blueprints.load import load_text
from blueprints.plan import Plan
from blueprints.schema import PlanApproval
from flows.timeout import by_default, deadline
from ledger.events import Event, Kind

BLUEPRINT = """\
mission: todo
goal: Try it.
agents: {builder: {kind: command, argv: [agent]}}
validators: [{kind: command, run: make test}]
milestones: [{name: one, features: [{id: a, spec: x, fulfills: [], because: y}]}]
"""


def planned(folder: Path, more: str) -> Plan:
    return load_text(BLUEPRINT + more, "todo.yaml", folder).plan


def asked(plan: str, at: int) -> Event:
    return Event(Kind.PLAN_PROPOSED, datetime.fromtimestamp(at, UTC).isoformat(), {"plan": plan})


def test_the_time_runs_from_when_exactly_this_plan_was_asked_about_first(tmp_path: Path) -> None:
    plan = planned(tmp_path, "planApproval: {within: 10m, otherwise: reject}\n")
    events = [asked("another", 1000), asked(plan.digest, 2000), asked(plan.digest, 2500)]
    assert deadline(plan, events) == 2600
    before = time.time()
    assert (deadline(plan, []) or 0) >= before + 600


def test_without_a_time_out_people_take_as_long_as_they_like(tmp_path: Path) -> None:
    plan = planned(tmp_path, "")
    assert deadline(plan, [asked(plan.digest, 2000)]) is None


@pytest.mark.parametrize(
    ("otherwise", "green", "decision", "note"),
    [
        ("approve", [], "approve", "nobody decided within 12h"),
        ("reject", ["VAL-A-001"], "reject", "nobody decided within 12h"),
        (
            "approve",
            ["VAL-A-001", "VAL-B-001"],
            "reject",
            "nobody decided within 12h, and nobody accepted VAL-A-001, VAL-B-001, which passed before any work",
        ),
    ],
)
def test_no_time_out_approves_what_proves_nothing(otherwise: str, green: list[str], decision: str, note: str) -> None:
    terms = PlanApproval.model_validate({"within": "12h", "otherwise": otherwise})
    assert by_default(terms, green) == {"decision": decision, "note": note, "by": "the time-out of 12h"}
