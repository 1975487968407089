"""A form in Prefect: what it says, where it is, and the answer to it, given by a person or by nobody in time."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import SetStateStatus
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.input.actions import aread_flow_run_input
from prefect.input.run_input import keyset_from_base_key
from prefect.settings import PREFECT_API_URL
from pydantic import ValidationError, create_model

from flows.deployed import FOR_AS_LONG_AS_IT_TAKES, Rest, deployed_as, rest
from ledger.events import Event
from workspaces.mission import Mission

_POLL = 1
"""Seconds between looks at whether it was answered."""
_LOOK = 0.2
"""Seconds between looks at whether the mission was stopped at the gate."""
SOMEBODY = "somebody in Prefect's UI"
"""Who decided, when the form does not say."""

Form = TypeVar("Form", bound=RunInput)


def where(mission: Mission, key: str) -> dict[str, str | None]:
    """Where the answer is to be sent: the flow run that waits, its API, and the form's key there.

    `suspended`: no process waits for it; the answer starts one.
    """
    if deployed := deployed_as(mission):
        return {
            "flowRun": str(deployed),
            "api": PREFECT_API_URL.value(),
            "key": f"suspended-{key}",
            "waits": "suspended",
        }
    context = FlowRunContext.get()
    flow_run = str(context.flow_run.id) if context and context.flow_run else None
    return {"flowRun": flow_run, "api": PREFECT_API_URL.value(), "key": f"paused-{key}"}


async def given_meanwhile(asked: Event | None, form: type[Form]) -> Form | None:
    """The answer that Prefect took when no process was there to hear it, or before one could write it down."""
    if asked is None or asked.data.get("api") != PREFECT_API_URL.value():
        return None
    keyset = keyset_from_base_key(asked.data["key"])
    with suppress(ObjectNotFound, ValidationError):
        if given := await aread_flow_run_input(keyset["response"], flow_run_id=UUID(asked.data["flowRun"])):
            return form(**given)
    return None


@dataclass(frozen=True)
class Late:
    """What is answered when nobody has by then."""

    at: float
    """Seconds since the epoch."""
    answer: dict[str, str]


async def wait_for(mission: Mission, form: type[Form], key: str, told: str, *, late: Late | None = None) -> Form | None:
    """The answer to a form about what is `told` (Markdown); None when the mission stops first.

    A deployment's mission always does: its process ends, and the next one finds what was given meanwhile. Also the
    answer of nobody, in time, goes through Prefect: of two answers at the same moment it takes one.
    """
    form = _telling(form, told)
    if deployed_as(mission):
        rest(mission, Rest(told, form=form, key=key, alarm=late.at if late else None))
        return None
    pause = apause_flow_run(wait_for_input=form, timeout=FOR_AS_LONG_AS_IT_TAKES, poll_interval=_POLL, key=key)
    waiting: asyncio.Task[Form] = asyncio.create_task(pause)
    while not waiting.done() and not mission.halted:
        await asyncio.wait({waiting}, timeout=_LOOK)
        if late and late.at <= time.time() and await _answered(late.answer):
            late = None
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


async def _answered(answer: dict[str, str]) -> bool:
    """Whether Prefect takes this for the answer of the flow run that waits."""
    context = FlowRunContext.get()
    assert context
    assert context.flow_run
    async with get_client() as client:
        result = await client.resume_flow_run(context.flow_run.id, run_input=dict(answer))
    return result.status is SetStateStatus.ACCEPT


def _telling(form: type[Form], told: str) -> type[Form]:
    """The form with this above its first field, in whose description Prefect's UI joins lines that end in a newline.

    There is a place for it on top of a form; but in a low window, the UI leaves nothing of that.
    """
    name, first = next((name, copy(field)) for name, field in form.model_fields.items())
    first.description = told.replace("\n", "\r")  # which ends a line of Markdown, too
    fields: Any = {name: (first.annotation, first)}
    return create_model(form.__name__, __base__=form, **fields)
