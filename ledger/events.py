"""The ledger: what happened, in order, each line carrying the hash of the one before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from blueprints.errors import MissionError
from ledger.files import flush_folder

_NO_TEXT = re.compile("[\ud800-\udfff]")


class Kind(StrEnum):
    MISSION_ACCEPTED = "mission_accepted"
    MISSION_RUN_STARTED = "mission_run_started"
    PLAN_PROPOSED = "plan_proposed"
    PLAN_APPROVED = "plan_approved"
    PLAN_REJECTED = "plan_rejected"
    PLAN_AMENDED = "plan_amended"
    ASSERTION_ACCEPTED = "assertion_accepted"
    CHECK_WITNESSED = "check_witnessed"
    GATE_OPENED = "gate_opened"
    GATE_CLOSED = "gate_closed"
    MILESTONE_STARTED = "milestone_started"
    WORKER_STARTED = "worker_started"
    WORKER_COMPLETED = "worker_completed"
    WORKER_FAILED = "worker_failed"
    WORKER_PAUSED = "worker_paused"
    AGENT_PARKED = "agent_parked"
    TESTS_WITNESSED = "tests_witnessed"
    FEATURE_FAILED = "feature_failed"
    FEATURE_BLOCKED = "feature_blocked"
    FEATURE_RETRIED = "feature_retried"
    FEATURE_SKIPPED = "feature_skipped"
    CHECK_TRIED = "check_tried"
    MERGE_TRIED = "merge_tried"
    FEATURE_INTEGRATED = "feature_integrated"
    INTEGRATION_FAILED = "integration_failed"
    MILESTONE_VALIDATION_TRIGGERED = "milestone_validation_triggered"
    VERDICT_RECORDED = "verdict_recorded"
    PRESENCE_PROVED = "presence_proved"
    CULPRITS_FOUND = "culprits_found"
    REPAIR_STARTED = "repair_started"
    MILESTONE_SEALED = "milestone_sealed"
    MILESTONE_LANDED = "milestone_landed"
    MILESTONE_FAILED = "milestone_failed"
    BASE_MOVED = "base_moved"
    RESULT_LANDED = "result_landed"
    FINDING_RECORDED = "finding_recorded"
    FINDING_RESOLVED = "finding_resolved"
    NOTE_RECORDED = "note_recorded"
    STOP_REQUESTED = "stop_requested"
    MISSION_PAUSED = "mission_paused"
    MISSION_RESUMED = "mission_resumed"
    MISSION_COMPLETED = "mission_completed"
    MISSION_FAILED = "mission_failed"
    MISSION_CANCELLED = "mission_cancelled"


@dataclass(frozen=True)
class Event:
    """One line of the ledger; `data` is plain JSON."""

    kind: Kind
    timestamp: str
    data: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.timestamp)


class Ledger:
    """Append-only, written by the run's one owner, safe to use from its many threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Event], None]] = []
        self._permit: Callable[[], None] = _nothing
        self._refused: Callable[[], None] = _nothing
        self.events, self._last = _load(path)
        self._by_key = {e.data["key"]: e for e in self.events if "key" in e.data}

    def append(self, kind: Kind, /, **data: Any) -> Event:
        """Record an event. When this returns it is on disk. A `key` among `data` marks a finished step."""
        with self._lock:
            data = json.loads(readable(json.dumps(data, ensure_ascii=False)))
            event = Event(kind, datetime.now(UTC).isoformat(timespec="milliseconds"), data)
            line = json.dumps(
                {"timestamp": event.timestamp, "type": kind, **data, "previous": self._last},
                separators=(",", ":"),
            )
            self._put(line.encode() + b"\n")
            self._last = _hash(line.encode())
            self.events.append(event)
            if "key" in data:
                self._by_key[data["key"]] = event
        for listener in self._listeners:
            listener(event)
        return event

    def recorded(self, key: str) -> Event | None:
        """The event of the finished step with this content key."""
        return self._by_key.get(key)

    def objection(self) -> str | None:
        """Why the file cannot be trusted: it does not hold exactly what its owner wrote. None when it does."""
        try:
            intact = read_events(self.path) == self.events
        except (MissionError, OSError):
            intact = False
        return None if intact else f"{self.path} was changed by somebody else; what it says cannot be trusted"

    def forget(self, key: str) -> None:
        """Take the finished step with this content key for one that is yet to be done, in this life of the run."""
        self._by_key.pop(key, None)

    def guard(self, permit: Callable[[], None], refused: Callable[[], None]) -> None:
        """Ask `permit`, which raises, before each further append; call `refused` when one cannot be made."""
        self._permit, self._refused = permit, refused

    def permit(self) -> None:
        """Raises when nothing may be written any more, neither here nor anywhere else."""
        self._permit()

    def _put(self, line: bytes) -> None:
        try:
            self.permit()
            _write(self.path, line)
        except BaseException:
            self._refused()
            raise

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` after each further event, in the thread that appended it."""
        self._listeners.append(listener)


class Tail:
    """The events as they are appended, for readers that are not the owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset, self._lines = 0, 0

    def new(self) -> list[Event]:
        """Those since the last call; a line that is not whole yet comes next time."""
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            lines = [line for line in stream if line.endswith(b"\n")]
        first = self._lines + 1
        self._offset, self._lines = self._offset + sum(map(len, lines)), self._lines + len(lines)
        return [_parse(line[:-1], self._path, number)[0] for number, line in enumerate(lines, first)]


def readable(text: str) -> str:
    """Text that every reader can read: what stands for bytes that are no text, as in a file's name, is replaced."""
    return _NO_TEXT.sub("\ufffd", text)


def read_events(path: Path) -> list[Event]:
    """All events on disk, the chain checked; a torn last line is not there yet."""
    return [event for event, _ in _lines(path)]


def _nothing() -> None:
    """What a ledger without a guard asks and calls."""


def _write(path: Path, line: bytes) -> None:
    """Append `line` and flush it to disk; all of it or, on a full disk, nothing."""
    with path.open("ab", buffering=0) as stream:
        size = stream.tell()
        try:
            while line:
                line = line[stream.write(line) :]
            os.fsync(stream.fileno())
            if size == 0:
                flush_folder(path.parent)
        except OSError as error:
            error.filename = str(path)
            stream.truncate(size)
            raise


def _load(path: Path) -> tuple[list[Event], str]:
    """All events and the last hash; a line torn by a crash is cut off so that the next append is whole."""
    if not path.exists():
        return [], ""
    events: list[Event] = []
    last, size = "", 0
    for event, raw in _lines(path):
        events.append(event)
        last = _hash(raw)
        size += len(raw) + 1
    if size < path.stat().st_size:
        with path.open("rb+") as stream:
            stream.truncate(size)
    return events, last


def _lines(path: Path) -> Iterator[tuple[Event, bytes]]:
    previous = ""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            raw = line[:-1]
            event, claimed = _parse(raw, path, number)
            if claimed != previous:
                raise MissionError(f"{path}:{number}: the chain is broken here: the ledger was edited or lost lines")
            previous = _hash(raw)
            yield event, raw


def _parse(raw: bytes, path: Path, number: int) -> tuple[Event, str]:
    try:
        data = json.loads(raw)
        kind, timestamp, previous = Kind(data.pop("type")), data.pop("timestamp"), data.pop("previous")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise MissionError(f"{path}:{number}: not a ledger line ({error}); the ledger was edited") from None
    return Event(kind, timestamp, data), previous


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]
