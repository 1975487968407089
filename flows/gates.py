"""Gates: a flow waits until a person has answered, in Prefect's UI or through its API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput
from prefect.settings import PREFECT_API_URL
from pydantic import Field

from agents.rate_limit import RateLimit
from blueprints.digest import digest
from flows.blocks import secret_blocks
from ledger.events import Event, Kind
from ledger.render import cell
from tasks.active import mission_of
from validators.base import Observation
from workspaces.findings import blocking_findings, resolve
from workspaces.mission import Mission

_FOR_AS_LONG_AS_IT_TAKES = 365 * 24 * 3600
_POLL = 1
"""Seconds between looks at whether it was answered."""
_LOOK = 0.2
"""Seconds between looks at whether the mission was stopped at the gate."""
_REMEDY = (
    "Put it right with the provider, or in the Secret block, and answer *retry*. A variable of the environment stays "
    "as it was when this process began: for another value answer *stop*, export it, and resume the run."
)
SOMEBODY = "somebody in Prefect's UI"
"""Who decided, when the form does not say."""

Form = TypeVar("Form", bound=RunInput)


class Answer(RunInput):
    """A person's verdict on an assertion."""

    answer: Literal["pass", "fail"]
    note: str = Field(default="", description="What was seen.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", description="Who answers.")


class Fate(RunInput):
    """What becomes of blocking findings that nobody has mended."""

    decision: Literal["dismiss", "stop"]
    findings: list[str] = Field(default=[], description="Ids of those to dismiss; none named means all.")
    note: str = Field(default="", description="Why.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", description="Who decides.")


class Credentials(RunInput):
    """What to do about a credential that its provider refuses."""

    answer: Literal["retry", "stop"]
    note: str = Field(default="", description="Why.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", description="Who answers.")


def where() -> dict[str, str | None]:
    """Where the answer is to be sent: the flow run that waits, and its API."""
    context = FlowRunContext.get()
    flow_run = str(context.flow_run.id) if context and context.flow_run else None
    return {"flowRun": flow_run, "api": PREFECT_API_URL.value()}


async def wait_for(mission: Mission, form: type[Form], key: str, about: str) -> Form | None:
    """The answer to a form that says `about` on top (Markdown); None when the mission is stopped meanwhile."""
    form._description = about  # pyright: ignore[reportPrivateUsage]  # Prefect shows it on top
    pause = apause_flow_run(wait_for_input=form, timeout=_FOR_AS_LONG_AS_IT_TAKES, poll_interval=_POLL, key=key)
    waiting: asyncio.Task[Form] = asyncio.create_task(pause)
    while not waiting.done() and not mission.halted:
        await asyncio.wait({waiting}, timeout=_LOOK)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


@task(name="mission:answer", task_run_name="{check}: a person answers")
async def ask_person(run: str, milestone: str, check: str, commit: str) -> Observation | None:
    """A person's answer to a manual check on `commit`; None when the mission was stopped meanwhile."""
    mission = mission_of(run)
    planned = next(c for c in mission.plan.milestone(milestone).checks if c.id == check)
    gate = f"{check}@{commit[:12]}"
    if given := _given(mission, gate):
        return _as_observation(given.data["answer"], given.data["by"], given.data["note"])
    question = cell(" ".join(dict.fromkeys([planned.says, planned.check.summary])))
    told = f"## {question}\n\nCommit `{commit}` in `{mission.root}`"
    _open(mission, gate, milestone, f"{check} waits for an answer: {question}", check=check)
    answer = await wait_for(mission, _fresh(Answer), _key(mission, gate), told)
    if answer is None:
        return None
    facts = {"answer": answer.answer, "by": answer.by or SOMEBODY, "note": answer.note}
    mission.ledger.append(Kind.GATE_CLOSED, gate=gate, milestone=milestone, **facts)
    return _as_observation(**facts)


@task(name="mission:findings", task_run_name="blocking findings of {milestone}")
async def ask_about_findings(run: str, milestone: str) -> str | None:
    """None when every blocking finding has been dismissed; else why the milestone does not go on."""
    mission = mission_of(run)
    while left := blocking_findings(mission, milestone):
        names = ", ".join(finding.id for finding in left)
        gate = f"findings@{names}"
        _open(
            mission, gate, milestone, f"blocking findings of {milestone} wait for a decision: {names}", findings=names
        )
        told = "\n".join(f"- **{f.id}** {cell(f.about)}: {cell(f.description)}" for f in left)
        answer = await wait_for(mission, _fresh(Fate), _key(mission, gate), f"## Blocking findings\n\n{told}\n")
        if answer is None:
            return "the mission was stopped"
        by, why = answer.by or SOMEBODY, answer.note
        mission.ledger.append(Kind.GATE_CLOSED, gate=gate, milestone=milestone, answer=answer.decision, by=by, note=why)
        if answer.decision == "stop":
            return f"blocking findings {names} stand, says {by}" + (f": {why}" if why else "")
        for finding in left:
            if not answer.findings or finding.id in answer.findings:
                resolve(mission, finding, "dismissed", by=by, why=why)
    return None


@task(name="mission:credential", task_run_name="{credential} is refused", cache_policy=NO_CACHE)
async def ask_about_credential(run: str, credential: str, reason: str, rate_limit: str) -> None:
    """Wait until somebody says that the credential is in order; `stop` pauses the mission instead."""
    mission = mission_of(run)
    gate = f"credential@{credential}"
    _open(mission, gate, "", f"{credential} is refused: {reason}", credential=credential, rateLimit=rate_limit)
    told = f"## {cell(credential)} is refused\n\n{cell(reason)}\n\n{_REMEDY}"
    answer = await wait_for(mission, _fresh(Credentials), _key(mission, gate), told)
    if answer is None:
        return
    by = answer.by or SOMEBODY
    mission.ledger.append(Kind.GATE_CLOSED, gate=gate, milestone="", answer=answer.answer, by=by, note=answer.note)
    RateLimit(Path(rate_limit)).clear()
    mission.blocks.update(await secret_blocks(mission.plan.blueprint))
    if answer.answer == "stop":
        mission.wish("pause", by)


def _open(mission: Mission, gate: str, milestone: str, about: str, **facts: str) -> None:
    mission.ledger.append(Kind.GATE_OPENED, gate=gate, milestone=milestone, about=about, **facts, **where())


def _given(mission: Mission, gate: str) -> Event | None:
    """An answer that was recorded while nobody waited for it, and that no verdict has used yet."""
    for event in reversed(mission.ledger.events):
        if event.kind is Kind.GATE_CLOSED and event.data["gate"] == gate:
            return event
        if event.kind is Kind.VERDICT_RECORDED and event.data["kind"] == "manual":
            return None
    return None


def _as_observation(answer: str, by: str, note: str) -> Observation:
    told = f"{by}: {answer}" + (f": {note}" if note else "")
    return Observation.passed(told) if answer == "pass" else Observation.failed(told)


def _key(mission: Mission, gate: str) -> str:
    """Prefect asks once for each key; the same gate may be asked more than once."""
    asked = sum(e.kind is Kind.GATE_OPENED and e.data["gate"] == gate for e in mission.ledger.events)
    return f"gate-{digest(gate)[:12]}-{asked}"


def _fresh(form: type[Form]) -> type[Form]:
    """A class of its own for each question: Prefect keeps the text on top in the class."""
    fresh: Any = type(form.__name__, (form,), {})
    return fresh  # type: ignore[no-any-return]
