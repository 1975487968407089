"""Plays the scripts: one request in, one answer out, and the call noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.rehearsal.answer import Answer, early_fault, json_answer, refusal, spoken
from agents.rehearsal.cache import Cache, count
from agents.rehearsal.calls import Call, CallLog
from agents.rehearsal.exchange import Asked, Data, History, Problem, Reply
from agents.rehearsal.faults import Faults, refuse
from agents.rehearsal.position import Position, find_position
from agents.rehearsal.reply import compose, override, produced
from agents.rehearsal.routes import Route
from agents.rehearsal.script import Fault, Script


@dataclass(frozen=True)
class Arrived:
    """A request as it came in."""

    route: Route
    sent: Data
    key: str
    session: str
    """What the client's headers call its conversation."""

    @property
    def body(self) -> Data:
        """With what the address says."""
        return {**self.sent, **self.route.said}


class Player:
    """Answers requests. Its memory is the prompt cache, which faults happened, and conversations kept for clients."""

    def __init__(self, scripts: Sequence[Script], calls: CallLog) -> None:
        self._scripts = tuple(scripts)
        self._calls = calls
        self._cache = Cache()
        self._faults = Faults()
        self._history: History = {}

    def answer(self, arrived: Arrived) -> Answer:
        """The answer that the script has at the request's position."""
        asked = self._read(arrived)
        if isinstance(asked, Problem):
            return self._refused(arrived, asked)
        if arrived.route.counts:
            return json_answer({arrived.route.counts: count(asked.prefix)})
        asked = replace(asked, session=arrived.session or asked.session)
        position = find_position(self._scripts, asked, arrived.key)
        if position is None:
            return self._refused(arrived, refuse(arrived.route.api.name, "no script answers this request"))
        return self._play(arrived, asked, position)

    def _read(self, arrived: Arrived) -> Asked | Problem:
        try:
            return arrived.route.api.read(arrived.body, self._history)
        except (KeyError, TypeError, AttributeError, ValueError) as error:  # the shape of a request is the client's
            return refuse(arrived.route.api.name, f"the request is malformed: {error!r}")

    def _play(self, arrived: Arrived, asked: Asked, position: Position) -> Answer:
        api, step = arrived.route.api, position.script.step(position.step)
        fault = self._faults.due(position)
        if fault and (answer := early_fault(api, fault, asked.model)):
            answer = replace(answer, delay=step.delay or 0.0)
            self._note(arrived, asked, position, answer, fault)
            return answer
        reply = compose(step, position, asked, api.name)
        if isinstance(reply, Problem):
            return self._refused(arrived, reply)
        counted = self._cache.meter(_scope(arrived), asked.prefix, output=produced(reply))
        reply = replace(reply, usage=override(counted, step.usage))
        self._keep(arrived, asked, reply)
        answer = spoken(api, reply, arrived.body, stream=asked.stream, step=step, fault=fault)
        self._note(arrived, asked, position, answer, fault, reply)
        return answer

    def _keep(self, arrived: Arrived, asked: Asked, reply: Reply) -> None:
        """Keep the conversation as the provider does: Responses unless told not to, Messages when told to."""
        api, body = arrived.route.api, arrived.body
        if body.get("thread") or (api.name == "responses" and body.get("store") is not False):
            self._history[api.identify(reply)] = [*asked.turns, *api.turns(reply)]

    def _note(
        self,
        arrived: Arrived,
        asked: Asked,
        position: Position,
        answer: Answer,
        fault: Fault | None,
        reply: Reply | None = None,
    ) -> None:
        call = Call(
            api=arrived.route.api.name,
            model=asked.model,
            key=arrived.key,
            conversation=position.conversation,
            turn=position.turn,
            step=position.step,
            script=position.script.name,
            request=arrived.sent,
            stream=asked.stream,
            status=answer.status,
            fault=fault.kind if fault else None,
            usage=reply.usage if reply else None,
        )
        self._calls.add(call)

    def _refused(self, arrived: Arrived, problem: Problem) -> Answer:
        body = arrived.body
        model, stream = str(body.get("model", "")), bool(body.get("stream"))
        name = arrived.route.api.name
        self._calls.add(Call(name, model, arrived.key, "", 0, 0, "", arrived.sent, stream, problem.status))
        return refusal(arrived.route.api, problem)


def _scope(arrived: Arrived) -> str:
    """Caches are an account's and a model's; OpenAI's also that of the client's own key for it."""
    body = arrived.body
    named = (arrived.route.api.name, arrived.key, body.get("model"), body.get("prompt_cache_key"))
    return "\0".join(str(part or "") for part in named)
