"""Gates in the middle of a mission: manual checks, findings that nobody has mended, refused credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.input import RunInput
from pydantic import Field

from agents.rate_limit import RateLimit
from blueprints.digest import digest
from flows.blocks import secret_blocks
from flows.forms import SOMEBODY, Form, given_meanwhile, wait_for, where
from ledger.cells import cell
from ledger.events import Event, Kind
from tasks.active import mission_of
from validators.base import Observation
from workspaces.findings import blocking_findings, resolve
from workspaces.mission import Mission

_REMEDY = (
    "Put it right with the provider, or in the Secret block, and answer *retry*. A variable of the environment stays "
    "as it was when this process began: for another value answer *stop*, export it, and resume the run."
)


class Answer(RunInput):
    """A person's verdict on an assertion."""

    answer: Literal["pass", "fail"]
    note: str = Field(default="", description="What was seen.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", title="Your name", description="It is kept with the answer.")


class Fate(RunInput):
    """What becomes of blocking findings that nobody has mended."""

    decision: Literal["dismiss", "stop"]
    findings: list[str] = Field(default=[], description="Ids of those to dismiss; none named means all.")
    note: str = Field(default="", description="Why.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", title="Your name", description="It is kept with the decision.")


class Credentials(RunInput):
    """What to do about a credential that its provider refuses."""

    answer: Literal["retry", "stop"]
    note: str = Field(default="", description="Why.", json_schema_extra={"format": "text-area"})
    by: str = Field(default="", title="Your name", description="It is kept with the answer.")


@task(name="mission:answer", task_run_name="{check}: a person answers")
async def ask_person(run: str, milestone: str, check: str, commit: str) -> Observation | None:
    """A person's answer to a manual check on `commit`; None when the mission was stopped meanwhile."""
    mission = mission_of(run)
    planned = next(c for c in mission.plan.milestone(milestone).checks if c.id == check)
    question = cell(" ".join(dict.fromkeys([planned.says, planned.check.summary])))
    gate = f"{check}@{commit[:12]}.{digest(question)[:6]}"  # an amended plan may ask something else under this name
    if given := _given(mission, gate):
        return _as_observation(given.data["answer"], given.data["by"], given.data["note"])
    told = f"## {question}\n\nCommit `{commit}` in `{mission.root}`"
    about = f"{check} waits for an answer: {question}"
    answer = await _answer(mission, Answer, told, gate=gate, milestone=milestone, about=about, check=check)
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
        about = f"blocking findings of {milestone} wait for a decision: {names}"
        lines = "\n".join(f"- **{f.id}** {cell(f.about)}: {cell(f.description)}" for f in left)
        told = f"## Blocking findings\n\n{lines}\n"
        answer = await _answer(mission, Fate, told, gate=gate, milestone=milestone, about=about, findings=names)
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
    told = f"## {cell(credential)} is refused\n\n{cell(reason)}\n\n{_REMEDY}"
    gate, about = f"credential@{credential}", f"{credential} is refused: {reason}"
    facts = {"credential": credential, "rateLimit": rate_limit}
    answer = await _answer(mission, Credentials, told, gate=gate, milestone="", about=about, **facts)
    if answer is not None:
        await _heed(mission, gate, answer, rate_limit)


async def heed_answers(mission: Mission) -> None:
    """At the start of a life: what was answered about a credential since the last one ended."""
    gates = {e.data["gate"]: e for e in mission.ledger.events if e.kind is Kind.GATE_OPENED and "credential" in e.data}
    for gate in gates:
        asked = _unanswered(mission, gate)
        if asked and (answer := await given_meanwhile(asked, Credentials)):
            await _heed(mission, gate, answer, asked.data["rateLimit"])


async def _heed(mission: Mission, gate: str, answer: Credentials, rate_limit: str) -> None:
    by = answer.by or SOMEBODY
    mission.ledger.append(Kind.GATE_CLOSED, gate=gate, milestone="", answer=answer.answer, by=by, note=answer.note)
    RateLimit(Path(rate_limit)).clear()
    mission.blocks.update(await secret_blocks(mission.plan.blueprint))
    if answer.answer == "stop":
        mission.wish("pause", by)


async def _answer(mission: Mission, form: type[Form], told: str, *, gate: str, **facts: str) -> Form | None:
    """What was answered already, else what is answered now; None when the mission stops first."""
    if given := await given_meanwhile(_unanswered(mission, gate), form):
        return given
    key = _key(mission, gate)
    mission.ledger.append(Kind.GATE_OPENED, gate=gate, **facts, **where(mission, key))
    return await wait_for(mission, form, key, told)


def _unanswered(mission: Mission, gate: str) -> Event | None:
    """The last time this was asked, if no answer was written down since."""
    events = [e for e in mission.ledger.events if e.kind in (Kind.GATE_OPENED, Kind.GATE_CLOSED)]
    last = next((event for event in reversed(events) if event.data["gate"] == gate), None)
    return last if last and last.kind is Kind.GATE_OPENED else None


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
