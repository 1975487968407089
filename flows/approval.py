"""The gate before the work: a person decides on exactly this plan."""

from __future__ import annotations

import asyncio
from copy import copy
from typing import Literal

from prefect import task
from prefect.context import FlowRunContext
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.settings import PREFECT_API_URL
from pydantic import Field, create_model

from blueprints import show
from ledger.events import Event, Kind
from tasks.active import mission_of
from workspaces.mission import Mission

_FOR_AS_LONG_AS_IT_TAKES = 365 * 24 * 3600
_POLL = 1
"""Seconds between looks at whether it was answered."""
_LOOK = 0.2
"""Seconds between looks at whether the mission was stopped at the gate."""


class Decision(RunInput):
    """The form in Prefect's UI, and what the command line sends."""

    decision: Literal["approve", "reject", "revise"] = "approve"
    note: str = Field(
        default="",
        description="Why; a rejection is reported with it.",
        json_schema_extra={"format": "text-area"},
    )
    maxConcurrency: int = Field(  # noqa: N815
        default=3, ge=1, le=64, title="Max concurrency", description="Most agents at work at once."
    )
    by: str = Field(default="", description="Who decides.")


@task(name="mission:approve-plan", task_run_name="mission:approve-plan")
async def approve_plan(run: str) -> Literal["approve", "reject", "revise", "stopped"]:
    """The decision on the plan with this digest: the recorded one, else a new one from a person."""
    mission = mission_of(run)
    if not mission.plan.blueprint.require_plan_approval or _recorded(mission):
        return "approve"
    _propose(mission)
    decision = await _ask(mission)
    if decision is None:
        return "stopped"
    _record(mission, decision)
    return decision.decision


def _recorded(mission: Mission) -> Event | None:
    approvals = (e for e in mission.ledger.events if e.kind is Kind.PLAN_APPROVED)
    return next((e for e in approvals if e.data["plan"] == mission.plan.digest), None)


def _propose(mission: Mission) -> None:
    context = FlowRunContext.get()
    flow_run = str(context.flow_run.id) if context and context.flow_run else None
    api = PREFECT_API_URL.value()
    mission.ledger.append(Kind.PLAN_PROPOSED, plan=mission.plan.digest, flowRun=flow_run, api=api)


async def _ask(mission: Mission) -> Decision | None:
    """Wait until somebody answers, in the UI or through the API; None when the mission is stopped meanwhile."""
    pause = apause_flow_run(
        wait_for_input=_form(mission), timeout=_FOR_AS_LONG_AS_IT_TAKES, poll_interval=_POLL, key="approve-plan"
    )
    waiting: asyncio.Task[Decision] = asyncio.create_task(pause)
    while not waiting.done() and not mission.halted:
        await asyncio.wait({waiting}, timeout=_LOOK)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


def _form(mission: Mission) -> type[Decision]:
    """Not `with_initial_data`: that drops the fields' limits and descriptions."""
    concurrency = copy(Decision.model_fields["maxConcurrency"])
    concurrency.default = mission.max_concurrency
    form = create_model("Decision", __base__=Decision, maxConcurrency=(int, concurrency))
    form._description = show.markdown(mission.plan)  # pyright: ignore[reportPrivateUsage]  # Prefect shows it on top
    return form


def _record(mission: Mission, decision: Decision) -> None:
    if decision.decision == "approve":
        mission.limit(decision.maxConcurrency)
        kind = Kind.PLAN_APPROVED
    else:
        kind = Kind.PLAN_REJECTED
    mission.ledger.append(
        kind,
        plan=mission.plan.digest,
        decision=decision.decision,
        by=decision.by or "somebody in Prefect's UI",
        note=decision.note,
        maxConcurrency=mission.max_concurrency,
    )
