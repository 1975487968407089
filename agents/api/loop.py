"""One conversation from the assignment to its end: ask, run what is called, tell what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from agents.api.caller import Caller, Clock, Say
from agents.api.end import End
from agents.api.files import file_tools
from agents.api.meter import Meter
from agents.api.provider import provider_for
from agents.api.room import Room
from agents.api.shell import shell
from agents.api.spec import Spec
from agents.api.speech import spoken
from agents.api.stuck import Step, stuck
from agents.api.submit import submit
from agents.api.tools import Mistake, Output, Toolbox
from agents.api.trouble import Trouble
from agents.api.turns import Answer, Call, Conversation, Result, Stop, Told, tell
from ledger.conversation import EndReason, Entry, entry
from ledger.events import readable

_SYSTEM = Path(__file__).with_name("system.md")
_MISTAKES = 3  # turns in a row whose calls could not be run
_NUDGE = (
    "Your answer called no tool, so nothing happened and the work is not handed over. Go on with the work;"
    " when it is done and committed, or cannot be done, call submit."
)
_GO_ON = "Your answer was cut off because it was too long. Please go on from where it stopped, in shorter steps."
_CUT = "this call was not run: the answer was cut off before it was complete. Make it again, shorter or in parts."
_NOT_RUN = "this call was not run: the answer did not end as a tool call. Make it again if you need it."
_WARNING = "You seem to be stuck: {}. Try something different; if there is nothing else to try, call submit and say so."


def converse(spec: Spec, say: Say, clock: Clock | None = None) -> None:
    """Have the conversation; its lines go to `say`, the last of them an `end`."""
    tools = Toolbox([shell(spec), *file_tools(spec), submit(spec.role, spec.handoff)])
    meter = Meter(spec)
    say(entry(Entry.START, kind=spec.provider, model=spec.model, session=spec.session or None))
    with closing(provider_for(spec, _SYSTEM.read_text(encoding="utf-8"), tools.declarations)) as provider:
        end = _end(_Talk(spec, say, tools, Caller(provider, spec, say, clock or Clock(), meter), meter))
    say(entry(Entry.END, reason=end.reason, turns=meter.turns, usage=meter.total, text=end.text, fault=end.fault))


@dataclass
class _Talk:
    spec: Spec
    say: Say
    tools: Toolbox
    caller: Caller
    meter: Meter
    conversation: Conversation = ()
    steps: list[Step] = field(default_factory=list[Step])
    mistakes: int = 0
    nudged: bool = False
    warned: bool = False

    @cached_property
    def room(self) -> Room:
        return Room(self.caller, self.meter)

    def run(self) -> End:
        self.conversation = (Told(texts=(self.spec.prompt,)),)
        while True:
            if end := self._turn():
                return end

    def _turn(self) -> End | None:
        if end := self.meter.over or self._take(self.room.make(self.conversation)) or self.meter.over:
            return end
        answer = self.caller.ask(self.conversation)
        if isinstance(answer, Trouble):
            return self.meter.over or (self._relieve(answer.reason) if answer.overflow else End.of(answer))
        spoken(answer, self.meter, self.say)
        if answer.stop is Stop.OVERFLOW:
            return self._relieve("the answer filled the model's window")
        self.room.relieved = False
        return self._answered(answer)

    def _relieve(self, reason: str) -> End | None:
        return self._take(self.room.relieve(self.conversation, reason))

    def _take(self, result: Conversation | End) -> End | None:
        """Go on with this conversation, unless it is at its end."""
        if isinstance(result, End):
            return result
        self.conversation = result
        return None

    def _answered(self, answer: Answer) -> End | None:
        said = answer.said
        if answer.stop is Stop.REFUSED:
            return End(EndReason.FAILED, "the model refused to go on")
        if said.raw:
            self.conversation = (*self.conversation, said)
        if answer.stop is Stop.CALLS and said.calls:
            return self._called(said.calls)
        if said.calls:
            self.mistakes += 1
            return self._tell_mistakes(said.calls, _CUT if answer.stop is Stop.LENGTH else _NOT_RUN)
        return self._talked(answer.stop)

    def _called(self, calls: Sequence[Call]) -> End | None:
        """Run the calls in order, up to one that hands the work over."""
        self.nudged, results, mistaken = False, list[Result](), 0
        for call in calls:
            prepared = self.tools.prepare(call)
            mistaken += isinstance(prepared, Mistake)
            self._say_call(call)
            output = Output(f"not run: {prepared.text}", error=True) if isinstance(prepared, Mistake) else prepared()
            results.append(self._note(call, output))
            if output.submitted:
                return End(EndReason.FINISHED)
        self.mistakes = self.mistakes + 1 if mistaken == len(calls) else 0
        return self._tell_results(calls, results)

    def _tell_mistakes(self, calls: Sequence[Call], text: str) -> End | None:
        for call in calls:
            self._say_call(call)
        return self._tell_results(calls, [self._note(call, Output(text, error=True)) for call in calls])

    def _tell_results(self, calls: Sequence[Call], results: Sequence[Result]) -> End | None:
        self.steps.append(Step.of(calls, results))
        return self._tell(Told(tuple(results)))

    def _talked(self, stop: Stop) -> End | None:
        """An answer without a call. One that was cut off goes on; of the others one is forgiven."""
        self.steps.append(Step())
        if stop is Stop.LENGTH:
            return self._tell(Told(texts=(_GO_ON,)))
        if self.nudged:
            return End(EndReason.NO_HANDOFF, "the model stopped without handing its work over")
        self.nudged = True
        return self._tell(Told(texts=(_NUDGE,)))

    def _tell(self, told: Told) -> End | None:
        """Our turn, with a warning when the model goes round in circles; the end when it was warned before."""
        if self.mistakes >= _MISTAKES:
            return End(EndReason.FAILED, f"{self.mistakes} answers in a row held only calls that could not be run")
        circle = stuck(self.steps)
        if circle and self.warned:
            return End(EndReason.STUCK, f"it went on after a warning: {circle}")
        self.warned = bool(circle)
        warning = Told(texts=(_WARNING.format(circle),)) if circle else Told()
        self.conversation = tell(tell(self.conversation, told), warning)
        return None

    def _note(self, call: Call, output: Output) -> Result:
        text = readable(output.text)  # bytes that are no text cannot be sent
        if output.denied:
            self.say(entry(Entry.DENIED, tool=call.tool, input=call.input))
        self.say(entry(Entry.OUTPUT, id=call.id, text=text, exitCode=output.exit_code, error=output.error or None))
        return Result(call.id, text, output.error)

    def _say_call(self, call: Call) -> None:
        given = call.text if call.input is None else call.input
        self.say(entry(Entry.CALL, id=call.id, tool=call.tool, input=given))


def _end(talk: _Talk) -> End:
    """A bug of ours ends the conversation like anything else: what it has used so far is still known."""
    try:
        return talk.run()
    except Exception as error:
        traceback.print_exc()
        return End(EndReason.FAILED, f"a bug in the agent's loop: {type(error).__name__}: {error}")
