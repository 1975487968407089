"""What goes back to the client for an answer, an error or a fault: bytes, and how they end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agents.rehearsal.exchange import Api, Data, Problem, Reply
from agents.rehearsal.faults import explain
from agents.rehearsal.responses import ResponsesApi
from agents.rehearsal.script import Fault, Step

Ending = Literal["whole", "reset", "hang", "truncate"]
_ENDINGS: dict[str, Ending] = {
    "reset": "reset",
    "hang": "hang",
    "stream-reset": "reset",
    "stream-hang": "hang",
    "stream-truncate": "truncate",
}


@dataclass(frozen=True)
class Answer:
    """A response to put on the wire."""

    status: int
    """0: nothing at all is sent."""
    chunks: tuple[bytes, ...] = ()
    length: int | None = None
    """Bytes of a whole body, also where not all of them are sent; None is a stream."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    ending: Ending = "whole"
    delay: float = 0.0
    chunk_delay: float = 0.0


def json_answer(data: Data, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A body of JSON."""
    body = json.dumps(data).encode()
    return Answer(status, (body,), len(body), headers or {})


def refusal(api: Api, problem: Problem) -> Answer:
    """An error as the provider reports it."""
    wait = problem.retry_after
    headers = {} if wait is None else {"retry-after": f"{wait:g}"}
    return json_answer(api.error(problem), status=problem.status, headers=headers)


def early_fault(api: Api, fault: Fault, model: str) -> Answer | None:
    """The fault if it comes before the first byte."""
    match fault.kind:
        case "status":
            return refusal(api, explain(fault, api.name, model))
        case "reset" | "hang":
            return Answer(0, ending=_ENDINGS[fault.kind])
        case _:
            return None


def spoken(api: Api, reply: Reply, body: Data, *, stream: bool, step: Step, fault: Fault | None) -> Answer:
    """The answer of the model, perhaps with a fault in it."""
    answer = _streamed(api, reply, body, fault) if stream else _whole(api, reply, body, fault)
    return Answer(
        status=answer.status,
        chunks=answer.chunks,
        length=answer.length,
        headers=answer.headers,
        ending=answer.ending,
        delay=step.delay or 0.0,
        chunk_delay=step.chunk_delay or 0.0,
    )


def _streamed(api: Api, reply: Reply, body: Data, fault: Fault | None) -> Answer:
    events = api.events(reply, body)
    if fault is None:
        return Answer(200, tuple(events))
    sent = events[: fault.after]
    if fault.kind in _ENDINGS:
        return Answer(200, tuple(sent), ending=_ENDINGS[fault.kind])
    problem = explain(fault, api.name, reply.model)
    if fault.kind == "response-failed" and isinstance(api, ResponsesApi):
        return Answer(200, (*sent, api.failed_event(reply, body, problem)))
    return Answer(200, (*sent, api.error_event(problem)))


def _whole(api: Api, reply: Reply, body: Data, fault: Fault | None) -> Answer:
    whole = json_answer(api.whole(reply, body))
    if fault is None:
        return whole
    if fault.kind in _ENDINGS:
        half = whole.chunks[0][: len(whole.chunks[0]) // 2]
        return Answer(200, (half,), whole.length, ending=_ENDINGS[fault.kind])
    problem = explain(fault, api.name, reply.model)
    if fault.kind == "response-failed" and isinstance(api, ResponsesApi):
        return json_answer(api.failed(reply, body, problem))
    return refusal(api, problem)
