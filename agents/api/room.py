"""Keeping a conversation within the model's window: before it is full, and when the provider says that it is."""

from __future__ import annotations

from dataclasses import dataclass

from agents.api import compaction
from agents.api.caller import Caller
from agents.api.end import End
from agents.api.meter import Meter
from agents.api.sizes import window
from agents.api.speech import spoken
from agents.api.trouble import Trouble
from agents.api.turns import Conversation
from agents.api.usage import Usage
from ledger.conversation import EndReason, Entry, entry


@dataclass
class Room:
    caller: Caller
    meter: Meter
    relieved: bool = False
    """It was made shorter since the last answer."""
    hopeless: bool = False
    """Making it shorter was of no use."""

    def make(self, conversation: Conversation) -> Conversation | End:
        """The conversation, shorter if it is about to fill the window by what the provider counted."""
        if self.hopeless or self.meter.last.total < compaction.FULL * window(self.meter.spec):
            return conversation
        shorter = self._compact(conversation)
        self.hopeless = shorter is None
        return conversation if shorter is None else shorter

    def relieve(self, conversation: Conversation, reason: str) -> Conversation | End:
        """Shorter, because the model could not hold it; once, then it must have helped."""
        if self.relieved:
            return End(EndReason.FAILED, f"made shorter, the conversation is still too long: {reason}")
        self.relieved = True
        shorter = self._compact(conversation)
        return shorter or End(EndReason.FAILED, f"the conversation cannot be made shorter: {reason}")

    def _compact(self, conversation: Conversation) -> Conversation | End | None:
        before, size = self.meter.last.total, compaction.size(conversation)
        shorter = compaction.compacted(conversation, self._summarise)
        if shorter is None:
            return None
        if isinstance(shorter, Trouble):
            return self.meter.over or End.of(shorter)
        after = before * compaction.size(shorter) // max(1, size)
        self.caller.say(entry(Entry.COMPACTION, before=before, after=after))
        self.meter.last = Usage(input=after)
        return shorter

    def _summarise(self, conversation: Conversation) -> str | Trouble:
        if self.meter.over:
            return ""
        answer = self.caller.ask(conversation)
        if isinstance(answer, Trouble):
            return answer
        spoken(answer, self.meter, self.caller.say)
        return "\n\n".join(answer.said.texts)
