"""Writing down what the model said and what it cost."""

from __future__ import annotations

from agents.api.caller import Say
from agents.api.meter import Meter
from agents.api.turns import Answer
from ledger.conversation import Entry, entry


def spoken(answer: Answer, meter: Meter, say: Say) -> None:
    """Count the call, and write its words down; its tool calls are written when they are dealt with."""
    say(entry(Entry.USAGE, **meter.count(answer.usage)))
    for thought in answer.said.thoughts:
        say(entry(Entry.THINKING, text=thought))
    for text in answer.said.texts:
        say(entry(Entry.TEXT, text=text))
