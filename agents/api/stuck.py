"""Noticing that a model goes round in circles, by what it did last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MONOLOGUE = ""


@dataclass(frozen=True)
class Step:
    """One call with what came of it, or a turn in which the model only talked."""

    action: str = MONOLOGUE
    result: str = ""
    error: bool = False


def stuck(steps: Sequence[Step]) -> str | None:
    """What it does over and over again, one clause; None while it does not."""
    if _same(steps[-3:], 3) and steps[-1].action == MONOLOGUE:
        return "three answers in a row did nothing"
    acted = [step for step in steps if step.action != MONOLOGUE]
    if _same(acted[-4:], 4):
        return "the same action gave the same result four times in a row"
    last = acted[-3:]
    if len(last) == 3 and all(step.error for step in last) and len({step.result for step in last}) == 1:
        return "the same error came three times in a row"
    if len(acted) >= 6 and acted[-2] != acted[-1] and acted[-6:] == acted[-2:] * 3:
        return "two actions alternate without any change"
    return None


def _same(steps: Sequence[Step], number: int) -> bool:
    return len(steps) == number and len(set(steps)) == 1
