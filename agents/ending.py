"""How a run ended: what it told of its end, against how its process ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from agents.base import AgentRun, Fault
from ledger.conversation import EndReason, FaultKind
from workspaces.process import Ended

_OBJECTIONS = {
    EndReason.TURNS: "the agent reached its limit of turns",
    EndReason.TOKENS: "the agent reached its limit of tokens",
    EndReason.MONEY: "the agent reached its limit of money",
    EndReason.STUCK: "the agent was stuck: it did the same again and again",
    EndReason.NO_HANDOFF: "the agent stopped without a handoff",
    EndReason.FAILED: "the agent failed",
}


def judged(run: AgentRun, end: Mapping[str, Any] | None, *, tells: bool) -> AgentRun:
    """The `end` line counts, unless the process was ended before it or failed after it; `tells`: it had to be there."""
    if end is None:
        return replace(run, objection="the agent ended without telling how") if tells and run.stopped_by_itself else run
    if fault := _fault(end):
        return replace(run, fault=fault)
    if run.ended not in (Ended.EXITED, Ended.CUT):  # what it says after it was asked to end is no reason
        return run
    if objection := _objection(end):
        return replace(run, objection=objection)
    if run.ended is Ended.CUT:  # it had told its end, and did not exit
        return replace(run, ended=Ended.EXITED, exit_code=0)
    return run


def _objection(end: Mapping[str, Any]) -> str:
    """Why an `end` line is not the ending that was asked for; empty when it is."""
    reason = end.get("reason")
    if reason == EndReason.FINISHED:
        return ""
    told = " ".join(str(end.get("text") or "").split())[:300]
    clause = next((said for known, said in _OBJECTIONS.items() if known == reason), "the agent failed")
    return f"{clause}: {told}" if told else clause


def _fault(end: Mapping[str, Any]) -> Fault | None:
    if end.get("reason") != EndReason.FAULT:
        return None
    told = end.get("fault")
    fields = cast(dict[str, Any], told) if isinstance(told, dict) else {}
    if fields.get("kind") not in set(FaultKind):
        return None
    until = fields.get("until")
    return Fault(
        FaultKind(fields["kind"]), str(fields.get("reason")), until if isinstance(until, int | float) else None
    )
