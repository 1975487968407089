"""Making a conversation shorter that is about to fill the model's window.

First the outputs of old calls go; if that is not enough, the model itself summarises the middle. The task, which is
the first text, and the last turns stay; a call is never parted from its result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.api.trouble import Trouble
from agents.api.turns import Conversation, Result, Said, Told, tell

FULL = 0.75
"""Share of the window from which on a conversation is made shorter."""
PROGRESS = 0.9
"""It must come down to this share at least; otherwise it was of no use."""
_ENOUGH = 0.6  # outputs alone are enough when without them this share is left
_TAIL = 0.3  # share of the conversation that stays as it is, at its end
_SHORT = 400  # characters of an output that may stay

REQUEST = (
    "The conversation is about to fill your context window. Do not call any tool now. Write a summary from which you"
    " can go on working without the messages above: what was done and committed, which files and commands matter,"
    " what was found out, what failed and why, and what is left to do."
)
_HEAD = "What happened so far, in your own words; the messages about it are gone:\n\n"
_NOTHING = "Nothing is left of the messages about it. Look at the workspace and at git to see what was done."


def size(conversation: Sequence[Said | Told]) -> int:
    """Characters, roughly as they are sent."""
    return sum(_size(turn) for turn in conversation)


def compacted(
    conversation: Conversation, summarise: Callable[[Conversation], str | Trouble]
) -> Conversation | Trouble | None:
    """A shorter conversation; None when it cannot be made shorter, or the trouble of the call that summarised."""
    start = tail_start(conversation)
    bare = without_outputs(conversation, start)
    if size(bare) <= _ENOUGH * size(conversation):
        return bare
    if start <= 1:
        return _if_shorter(bare, conversation)
    summary = summarise(tell(bare[:start], Told(texts=(REQUEST,))))
    if isinstance(summary, Trouble):
        if not summary.overflow:
            return summary
        summary = _NOTHING
    return _if_shorter(summarised(bare, start, summary or _NOTHING), conversation)


def tail_start(conversation: Conversation) -> int:
    """Where the turns begin that stay: at an answer of the model, so that no call is parted from its result."""
    answers = [index for index, turn in enumerate(conversation) if isinstance(turn, Said)]
    if not answers:
        return len(conversation)
    room = _TAIL * size(conversation)
    return next((index for index in answers if size(conversation[index:]) <= room), answers[-1])


def without_outputs(conversation: Conversation, start: int) -> Conversation:
    """Without the long results before `start`."""
    return tuple(
        replace(turn, results=tuple(_shortened(result) for result in turn.results))
        if index < start and isinstance(turn, Told)
        else turn
        for index, turn in enumerate(conversation)
    )


def summarised(conversation: Conversation, start: int, summary: str) -> Conversation:
    """The task, the summary, and the turns from `start` on."""
    task = conversation[0]
    assert isinstance(task, Told)
    return (Told(texts=(task.texts[0], _HEAD + summary)), *conversation[start:])


def _if_shorter(after: Conversation, before: Conversation) -> Conversation | None:
    return after if size(after) <= PROGRESS * size(before) else None


def _shortened(result: Result) -> Result:
    if len(result.text) <= _SHORT:
        return result
    gone = f"[dropped to save room: {len(result.text)} characters; run it again if you need them]"
    return replace(result, text=gone)


def _size(turn: Said | Told) -> int:
    if isinstance(turn, Said):
        return sum(len(json.dumps(part)) for part in turn.raw)
    return sum(map(len, turn.texts)) + sum(len(result.text) for result in turn.results)
