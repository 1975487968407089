"""What the coding agents share that are programs: what a run is given, how it is started, and its last line."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from agents import prices
from agents.base import AgentRun, Assignment, Credential, Desk, Fault
from agents.cli.tool import Tool, expanded
from agents.credentials import secrets_of
from agents.faults import fault_of
from agents.hearing import Event, Language, Said
from agents.limits import PATIENCE_AT_WORK, Limits
from agents.program import GENTLY, Program, run_program
from blueprints.agents import CliAgent
from ledger.conversation import EndReason, Entry, FaultKind
from workspaces.process import Ended, Finished

_LINGERING = 4
"""How many times as long as the grace it may take to exit after it has told its end."""

Profile = TypeVar("Profile", bound=CliAgent)


class Speech(Protocol):
    """How one run of a program speaks; it remembers what it has to."""

    model: str | None
    """The model it works with, as far as it told."""

    def event(self, event: Event) -> Iterable[Said]:
        """What a line of JSON means. One in an unknown form may raise KeyError and its like."""
        ...

    def prose(self, text: str) -> Iterable[Said]:
        """What any other line means."""
        ...

    def conclude(self, finished: Finished, last_words: str) -> Iterable[Said]:
        """What the end of its process means when it told no end."""
        ...


@dataclass(frozen=True)
class Seat:
    """What a run has to work with."""

    home: Path
    """The program's own folder, perhaps the user's."""
    own: Path
    """An empty folder of this run, for what we tell the program."""
    session: str
    """A fresh id, for programs that take one."""
    version: str | None
    credential: Credential | None
    secrets: Mapping[str, str]
    """Values that no record may show, for programs that print a text in pieces."""
    priced: bool
    """Whether the blueprint tells what tokens cost: then what the program thinks of it does not count."""

    @property
    def key(self) -> str | None:
        return self.credential.value if self.credential else None


@dataclass(frozen=True)
class Invocation:
    """How a program is started for one run."""

    arguments: Sequence[str]
    variables: Mapping[str, str]
    speech: Speech
    provider: str = ""
    """As the price list has it."""
    signals: Sequence[signal.Signals] = field(default=GENTLY)
    """How it is asked to end before it is killed."""


def run_tool(
    tool: Tool,
    profile: Profile,
    folder: Path,
    assignment: Assignment,
    desk: Desk,
    *,
    invoke: Callable[[Profile, Seat], Invocation],
) -> AgentRun:
    """Run the program to its end; one that is missing was never started."""
    path = tool.find(profile, folder)
    if path is None:
        return replace(AgentRun.none(), output=f"it {tool.missing(profile, folder)}")
    desk.home.mkdir(parents=True, exist_ok=True)
    seat = _seat(profile, folder, desk, tool.version(profile, folder))
    run = run_program(_program(path, profile, invoke(profile, seat), desk), assignment, desk)
    return replace(run, version=run.version or seat.version, output=_without_events(run.output))


def _seat(profile: CliAgent, folder: Path, desk: Desk, version: str | None) -> Seat:
    return Seat(
        home=folder / expanded(profile.home) if profile.home else desk.home,
        own=desk.home,
        session=str(uuid.uuid4()),
        version=version,
        credential=desk.credential,
        secrets=secrets_of(profile.env, desk.credential),
        priced=bool(profile.prices),
    )


def _program(path: Path, profile: CliAgent, invocation: Invocation, desk: Desk) -> Program:
    return Program(
        [str(path), *invocation.arguments],
        env=profile.env,
        variables=invocation.variables,
        idle=profile.idle_timeout,
        language=_language(profile, invocation),
        limits=_limits(profile, desk),
        signals=invocation.signals,
    )


def _limits(profile: CliAgent, desk: Desk) -> Limits:
    return Limits(
        profile.max_turns,
        profile.max_tokens,
        profile.max_usd,
        lingering=_LINGERING * desk.grace,
        patience=desk.patience,
        patience_at_work=max(desk.patience, PATIENCE_AT_WORK),
    )


def _without_events(output: str) -> str:
    """What a program printed besides, which is what it says when it dies."""
    return "\n".join(line for line in output.splitlines() if not line.startswith("{"))


def _language(profile: CliAgent, invocation: Invocation) -> Language:
    speech = invocation.speech

    def price(usage: Mapping[str, float]) -> float | None:
        return prices.usd(speech.model or "", invocation.provider, usage, profile.price_list)

    return Language(speech.event, price=price, prose=speech.prose, conclude=speech.conclude)


def started(kind: str, seat: Seat, model: str | None, session: str | None) -> Said:
    """The first line of a transcript."""
    return Entry.START, {"kind": kind, "model": model, "version": seat.version, "session": session}


def failed(status: int | None, text: str, **more: Any) -> Said:
    """The `end` line of an agent that failed: through its provider's fault, if its words say so."""
    if fault := fault_of(status, text):
        return faulty(fault, **more)
    return Entry.END, {"reason": EndReason.FAILED.value, "text": text, **more}


def faulty(fault: Fault, **more: Any) -> Said:
    """The `end` line of an agent whose provider is at fault."""
    told = {"kind": fault.kind.value, "reason": fault.reason, "until": fault.until}
    known = {name: value for name, value in told.items() if value is not None}
    return Entry.END, {"reason": EndReason.FAULT.value, "fault": known, **more}


def concluded(finished: Finished, last_words: str, status: int | None = None) -> Iterable[Said]:
    """What is to be made of a program that told no end: a fault if its last words or its exit say so."""
    if fault := fault_of(status, last_words):
        return [faulty(fault)]
    if last_words and finished.ended is not Ended.EXITED:  # it was trying again, whatever the reason
        return [faulty(Fault(FaultKind.UNAVAILABLE, f"the model cannot be used: {last_words[:300]}"))]
    return []
