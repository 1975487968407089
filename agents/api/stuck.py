"""Noticing that a model goes round in circles, by what it did last."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.api.turns import Call, Result

MONOLOGUE = ""
_SILENT = re.compile(r"(?:(?:exit code|timed out after) [^\n]*\n?)+")
"""What commands give that fail without a word: searches that find nothing, comparisons that differ."""


@dataclass(frozen=True)
class Step:
    """The calls of one answer with what came of them, or an answer in which the model only talked."""

    action: str = MONOLOGUE
    result: str = ""
    error: bool = False

    @classmethod
    def of(cls, calls: Sequence[Call], results: Sequence[Result]) -> Step:
        """Calls that were made at once are one step; it failed when all of them did."""
        result = "\n".join(result.text for result in results)
        return cls("\n".join(map(_action, calls)), result, all(result.error for result in results))


def stuck(steps: Sequence[Step]) -> str | None:
    """What it does over and over again, one clause; None while it does not."""
    if _same(steps[-3:], 3) and steps[-1].action == MONOLOGUE:
        return "three answers in a row did nothing"
    acted = [step for step in steps if step.action != MONOLOGUE]
    if _same(acted[-4:], 4):
        return "the same action gave the same result four times in a row"
    if _same_error(acted[-3:], 3):
        return "the same error came three times in a row"
    if len(acted) >= 6 and acted[-2] != acted[-1] and acted[-6:] == acted[-2:] * 3:
        return "two actions alternate without any change"
    return None


def _action(call: Call) -> str:
    return f"{call.tool} {call.text if call.input is None else json.dumps(call.input, sort_keys=True)}"


def _same(steps: Sequence[Step], number: int) -> bool:
    return len(steps) == number and len(set(steps)) == 1


def _same_error(steps: Sequence[Step], number: int) -> bool:
    """A failure that says nothing is the same only for the same action."""
    if len(steps) < number or not all(step.error for step in steps):
        return False
    return _same(steps, number) or (len({s.result for s in steps}) == 1 and not _SILENT.fullmatch(steps[0].result))
