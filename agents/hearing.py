"""Hears an agent while it works: writes its transcript in the common form, counts, and ends it at its limits."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents.base import AgentRun
from agents.ending import judged
from agents.limits import Limits
from agents.patience import Patience
from ledger.conversation import Entry, Tally, entry, parse_entry, total
from workspaces.process import Ended, Finished
from workspaces.transcript import redacted

_LAST_WORDS = 40
"""Most lines without a form that are remembered, for what a program prints when it dies."""

Event = Mapping[str, Any]
"""A line of an agent's own output that was JSON."""
Said = tuple[Entry, dict[str, Any]]
"""A line of the transcript, before its time is added."""
Interpreter = Callable[[Event], Iterable[Said]]
"""What an event means; one for each run, since it may have to remember the events before."""


def printed(text: str) -> Iterable[Said]:
    """A line without a form, as it is."""
    return [(Entry.PRINTED, {"text": text})]


def _nothing(_finished: Finished, _last_words: str) -> Iterable[Said]:
    return []


@dataclass(frozen=True)
class Language:
    """How one kind of agent speaks."""

    interpret: Interpreter | None = None
    """None: what it prints has no form, and its exit code is all it says about its end."""
    must_end: bool = True
    """Whether an ending without an `end` line is a broken one; without a form it never is."""
    price: Callable[[Mapping[str, float]], float | None] = lambda _tokens: None
    """US dollars of some tokens, where the agent does not tell; None is unknown."""
    prose: Callable[[str], Iterable[Said]] = printed
    """What a line means that is no event."""
    conclude: Callable[[Finished, str], Iterable[Said]] = _nothing
    """What the end of its process means when it told no end, with what it last printed besides events."""


class Hearing:
    """A listener of one run."""

    def __init__(
        self,
        language: Language | None = None,
        limits: Limits | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.deadline = math.inf
        self._language, self._limits = language or Language(), limits or Limits()
        self._secrets = secrets or {}
        self._patience = Patience(self._limits.patience, self._limits.patience_at_work)
        self._lines: list[Mapping[str, Any]] = []
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._over = ""
        """The limit that was met."""
        self._end: Mapping[str, Any] | None = None
        self._exits_by = math.inf
        self._start: dict[str, Any] = {}

    def hear(self, line: bytes) -> bytes:
        return self._written(self._understood(line))

    def conclude(self, finished: Finished) -> bytes:
        """What the end of the process adds to the transcript of an agent that did not tell its end by itself."""
        gave_up = finished.ended in (Ended.CUT, Ended.IDLE, Ended.TIMEOUT) and self._patience.trouble
        if self._over or (self._end is not None and not gave_up):
            return b""
        return self._written(self._redacted(self._language.conclude(finished, self._last_words(finished))))

    def _redacted(self, said: Iterable[Said]) -> Iterable[Said]:
        """What was not heard but read, from files that the program left."""
        for kind, fields in said:
            yield kind, json.loads(redacted(json.dumps(fields).encode(), self._secrets))

    def run(self, finished: Finished) -> AgentRun:
        """How the run ended, by what it said and by how its process ended."""
        run = AgentRun(
            finished.ended,
            finished.exit_code,
            finished.seconds,
            finished.output or finished.error,
            self._tally(),
            model=self._start.get("model"),
            version=self._start.get("version"),
        )
        if self._over:
            return replace(run, objection=self._over)
        tells = self._language.interpret is not None and self._language.must_end
        return judged(run, self._end, tells=tells)

    def _understood(self, line: bytes) -> Iterable[Said]:
        event = parse_entry(line) if self._language.interpret else None
        if event is None or self._language.interpret is None:
            text = line.decode(errors="replace")
            self._words.append(text)
            return self._language.prose(text)
        self._words.clear()
        try:
            return list(self._language.interpret(event))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            # Another version of a program may say it in a form of its own: that is no reason to end it.
            return printed(line.decode(errors="replace"))

    def _last_words(self, finished: Finished) -> str:
        """Of a process that was ended only what kept it busy: the rest is no reason."""
        if finished.ended is Ended.STOPPED:
            return ""
        words = self._words if finished.ended is Ended.EXITED else ()
        return "\n".join([*(word for word in words if not word.startswith("{")), self._patience.trouble]).strip()

    def _tally(self) -> Tally:
        """An agent's own account of all that it used counts: it knows calls that it did not tell one by one."""
        tally = Tally.of(self._lines)
        told = self._end.get("usage") if self._end else None
        return replace(tally, usage=total([told])) if told else tally

    def _written(self, said: Iterable[Said]) -> bytes:
        lines = b"".join(self._line(kind, fields) for kind, fields in said)
        self.deadline = -math.inf if self._over else min(self._exits_by, self._patience.deadline)
        return lines

    def _line(self, kind: Entry, fields: dict[str, Any]) -> bytes:
        try:
            return entry(kind, **self._noted(kind, fields))
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            return entry(Entry.PRINTED, text=f"[a line of type {kind} that cannot be read: {type(error).__name__}]")

    def _noted(self, kind: Entry, fields: dict[str, Any]) -> dict[str, Any]:
        if kind is Entry.USAGE:
            fields = self._priced(fields)
        elif kind is Entry.END and (used := fields.get("usage")):
            fields = {**fields, "usage": self._priced(used)}
        if kind in (Entry.CALL, Entry.USAGE, Entry.DENIED, Entry.END):
            self._lines.append({"type": kind.value, **fields})
        self._patience.hear(kind, fields)
        match kind:
            case Entry.START:
                self._start |= fields
            case Entry.USAGE:
                self._over = self._limits.exceeded([line for line in self._lines if line["type"] == Entry.USAGE])
            case Entry.TEXT | Entry.CALL:
                self._end, self._exits_by = None, math.inf  # it goes on after all
            case Entry.END:
                self._over = self._over or self._exceeded_at_last(fields)
                self._end = fields
                self._exits_by = time.monotonic() + self._limits.lingering
            case _:
                pass
        return fields

    def _exceeded_at_last(self, end: Mapping[str, Any]) -> str:
        """Which limit was exceeded by calls that were told only in sum."""
        told = end.get("usage")
        return self._limits.exceeded([told]) if told else ""

    def _priced(self, usage: dict[str, Any]) -> dict[str, Any]:
        if usage.get("usd") is not None:
            return usage
        usd = self._language.price(usage)
        return usage if usd is None else {**usage, "usd": usd}


def common(event: Event) -> Iterable[Said]:
    """For agents that speak the common form themselves."""
    try:
        kind = Entry(str(event.get("type")))
    except ValueError:
        return printed(json.dumps(event, ensure_ascii=False))
    return [(kind, {name: value for name, value in event.items() if name not in ("at", "type")})]
