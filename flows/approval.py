"""The gate before the work: a person decides on exactly this plan."""

from __future__ import annotations

import time
from copy import copy
from typing import Literal

from prefect import task
from prefect.input import RunInput
from pydantic import Field, create_model

from blueprints import show
from flows.ahead import approved_ahead, why_not_ahead
from flows.alarm import call_off
from flows.deployed import deployed_as
from flows.forms import SOMEBODY, Late, given_meanwhile, wait_for, where
from flows.timeout import by_default, deadline
from ledger.accepted import accept, not_accepted
from ledger.events import Event, Kind
from ledger.render import red_at_base
from tasks.active import mission_of
from workspaces.amended import since_approval
from workspaces.hours import clock
from workspaces.mission import Mission


class Decision(RunInput):
    """The form in Prefect's UI, and what the command line sends."""

    decision: Literal["approve", "reject", "revise"]
    note: str = Field(
        default="",
        description="Why; a rejection is reported with it.",
        json_schema_extra={"format": "text-area"},
    )
    accept: list[str] = Field(
        default=[], description="Assertions that pass before any work, and that you accept all the same, by id."
    )
    maxConcurrency: int = Field(  # noqa: N815
        default=3, ge=1, le=64, title="Max concurrency", description="Most agents at work at once."
    )
    by: str = Field(default="", title="Your name", description="It is kept with the decision.")


@task(name="mission:approve-plan", task_run_name="mission:approve-plan")
async def approve_plan(run: str, green: list[str]) -> Literal["approve", "reject", "revise", "stopped"]:
    """The decision on the plan with this digest: the recorded one, else a new one from a person.

    `green` are the assertions that pass before any work: an approval that does not accept them by name is none.
    """
    mission = mission_of(run)
    if not mission.plan.blueprint.require_plan_approval or _recorded(mission) or approved_ahead(mission, green):
        return "approve"
    decision = await given_meanwhile(_undecided(mission), _form(mission)) or await _ask(mission, green)
    while decision is not None:
        if decision.decision == "approve":
            accept(mission.ledger, decision.accept, decision.by or SOMEBODY)
        if decision.decision != "approve" or not not_accepted(mission.ledger.events, green):
            await _record(mission, decision)
            return decision.decision
        decision = await _ask(mission, green)
    return "stopped"


async def _ask(mission: Mission, green: list[str]) -> Decision | None:
    """A decision; None when the mission stops first. What was asked before is asked under another key."""
    left = not_accepted(mission.ledger.events, green)
    if (late := _late(mission, left)) and late.at <= time.time():
        return _form(mission).model_validate(late.answer)
    asked = sum(event.kind is Kind.PLAN_PROPOSED for event in mission.ledger.events)
    key, due = f"approve-plan-{asked + 1}", {"until": late.at, "otherwise": late.answer["decision"]} if late else {}
    mission.ledger.append(Kind.PLAN_PROPOSED, plan=mission.plan.digest, green=left, **due, **where(mission, key))
    return await wait_for(mission, _form(mission), key, _told(mission, left, late), late=late)


def _late(mission: Mission, left: list[str]) -> Late | None:
    """What is decided when nobody does, and when."""
    terms, at = mission.plan.blueprint.plan_approval, deadline(mission.plan, mission.ledger.events)
    return Late(at, by_default(terms, left)) if terms and at else None


def _undecided(mission: Mission) -> Event | None:
    """When exactly this plan was proposed last, if nobody's decision is written down since."""
    decided = (Kind.PLAN_PROPOSED, Kind.PLAN_APPROVED, Kind.PLAN_REJECTED, Kind.ASSERTION_ACCEPTED)
    last = next((event for event in reversed(mission.ledger.events) if event.kind in decided), None)
    return last if last and last.kind is Kind.PLAN_PROPOSED and last.data["plan"] == mission.plan.digest else None


def _recorded(mission: Mission) -> Event | None:
    approvals = (e for e in mission.ledger.events if e.kind is Kind.PLAN_APPROVED)
    return next((e for e in approvals if e.data["plan"] == mission.plan.digest), None)


def _told(mission: Mission, left: list[str], late: Late | None) -> str:
    """What was amended, the plan, how its assertions stand before the work, and what must be accepted by name."""
    due = f"**Decide by {clock(late.at)}.** After that: {late.answer['decision']}." if late else ""
    names = ", ".join(f"`{name}`" for name in left)
    warning = f"**Not discriminating:** {names} pass before any work. Name them under *accept*, or reject."
    events = mission.ledger.events
    changes = since_approval(mission.folder, mission.plan, events)
    parts = [
        due,
        why_not_ahead(mission),
        changes,
        warning if left else "",
        show.markdown(mission.plan),
        red_at_base(events),
    ]
    return "\n\n".join(part for part in parts if part)


def _form(mission: Mission) -> type[Decision]:
    """Not `with_initial_data`: that drops the fields' limits and descriptions."""
    concurrency = copy(Decision.model_fields["maxConcurrency"])
    concurrency.default = mission.max_concurrency
    return create_model("Decision", __base__=Decision, maxConcurrency=(int, concurrency))


async def _record(mission: Mission, decision: Decision) -> None:
    if decision.decision == "approve":
        mission.limit(decision.maxConcurrency)
        kind = Kind.PLAN_APPROVED
    else:
        kind = Kind.PLAN_REJECTED
    mission.ledger.append(
        kind,
        plan=mission.plan.digest,
        decision=decision.decision,
        by=decision.by or SOMEBODY,
        note=decision.note,
        maxConcurrency=mission.max_concurrency,
    )
    if deployed_as(mission) and mission.plan.blueprint.plan_approval:
        await call_off(mission.run)
