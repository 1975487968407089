"""How long agents and checks took so far, in the runs of a mission: what the next ones are expected to take."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from blueprints.errors import MissionError
from ledger.events import Event, Kind, read_events
from ledger.folder import all_runs

_LATEST = 20
"""So many former runs are looked at."""
_AT_LEAST = 1.25
"""What did not get to its end takes longer than it had, by a quarter at least."""
_TELLING = (Kind.WORKER_STARTED, Kind.WORKER_COMPLETED, Kind.WORKER_PAUSED, Kind.VERDICT_RECORDED)

Seconds = defaultdict[str, list[float]]


@dataclass
class Durations:
    """Measured seconds, never guessed: None is what nobody has measured yet."""

    done: Seconds = field(default_factory=lambda: Seconds(list))
    """By session name, of the attempts that were done."""
    cut: Seconds = field(default_factory=lambda: Seconds(list))
    """By session name, of those that were stopped on their way."""
    agents: Seconds = field(default_factory=lambda: Seconds(list))
    """By agent, of everything it has done."""
    checks: Seconds = field(default_factory=lambda: Seconds(list))
    """By check."""

    def add(self, events: Iterable[Event]) -> None:
        """What these events tell: of one run, or of several, one after the other."""
        agents: dict[str, str] = {}
        for event in events:
            data = event.data
            if event.kind is Kind.WORKER_STARTED:
                agents[data["workerSessionId"]] = data["agent"]
            elif event.kind is Kind.WORKER_COMPLETED:
                self.done[_name(data["workerSessionId"])].append(data["seconds"])
                self.agents[agents[data["workerSessionId"]]].append(data["seconds"])
            elif event.kind is Kind.WORKER_PAUSED and data["status"] == "stopped":
                self.cut[_name(data["workerSessionId"])].append(data["seconds"])
            elif event.kind is Kind.VERDICT_RECORDED:
                self.checks[data["id"]].append(data["seconds"])

    def attempt(self, session_name: str, agent: str) -> float | None:
        """What an attempt is expected to take: as this work took before, else as what this agent did."""
        measured = self.done.get(session_name) or self.agents.get(agent)
        known = [statistics.median(measured)] if measured else []
        if cut := self.cut.get(session_name):
            known.append(_AT_LEAST * max(cut))
        return max(known, default=None)

    def round(self, checks: Iterable[str]) -> float | None:
        """What a validation is expected to take: as long as the longest of its checks, at least."""
        known = [statistics.median(seconds) for check in checks if (seconds := self.checks.get(check))]
        return max(known, default=None)


def durations(home: Path, mission: str, run: str, events: Iterable[Event]) -> Durations:
    """Of the mission's latest runs under this home, and of this run, whose events these are."""
    measured = Durations()
    measured.add(_former(home, mission, run))
    measured.add(events)
    return measured


@lru_cache(maxsize=8)
def _former(home: Path, mission: str, run: str) -> tuple[Event, ...]:
    """What the other runs tell, one after the other: read once in a life of this run, and asked for at each attempt."""
    found: list[Event] = []
    for folder in [folder for folder in all_runs(home) if folder.mission == mission and folder.run != run][-_LATEST:]:
        with suppress(MissionError):  # a ledger that somebody changed tells nothing
            found += (event for event in read_events(folder.ledger) if event.kind in _TELLING)
    return tuple(found)


def _name(session: str) -> str:
    return session.rpartition(".")[0]
