"""What an agent said and did, one JSON object per line: writing the lines, reading them back, adding them up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from ledger.events import readable

TOKENS = ("input", "cacheRead", "cacheWrite", "output")
"""Kinds of tokens in a `usage`; `input` excludes those that were read from or written to the cache."""


class Entry(StrEnum):
    """The types of line."""

    START = "start"
    TEXT = "text"
    THINKING = "thinking"
    CALL = "call"
    OUTPUT = "output"
    USAGE = "usage"
    RETRY = "retry"
    COMPACTION = "compaction"
    DENIED = "denied"
    PRINTED = "printed"
    END = "end"


class EndReason(StrEnum):
    """Why a conversation ended: `finished` is an ending as asked for, all others are not."""

    FINISHED = "finished"
    TURNS = "turns"
    TOKENS = "tokens"
    MONEY = "money"
    STUCK = "stuck"
    NO_HANDOFF = "no-handoff"
    FAILED = "failed"
    FAULT = "fault"


class FaultKind(StrEnum):
    """What is the matter with the provider, when a conversation ended with a fault."""

    THROTTLED = "throttled"
    EXHAUSTED = "exhausted"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"


def entry(type: str, **fields: Any) -> bytes:  # noqa: A002  # it is the name of the field
    """One line, its time included; fields that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, "type": str(type), **known}, ensure_ascii=False, separators=(",", ":"))
    return readable(line).encode() + b"\n"


def parse_entry(line: bytes) -> dict[str, Any] | None:
    """The object of one line; None when the line is none of ours."""
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields = cast(dict[str, Any], found)
    return fields if isinstance(fields.get("type"), str) else None


def read_entries(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a transcript in order. No file has no lines, and a torn last line is not there yet.

    Any other line that is none of ours is what some program printed.
    """
    if not path.is_file():
        return
    with path.open("rb") as stream:
        for line in stream:
            if found := parse_entry(line):
                yield found
            elif line.endswith(b"\n"):
                yield {"type": Entry.PRINTED.value, "text": line[:-1].decode(errors="replace")}


@dataclass(frozen=True)
class Tally:
    """What a conversation adds up to."""

    turns: int = 0
    """Calls of the model."""
    tools: Mapping[str, int] = field(default_factory=dict[str, int])
    """Name of a tool to how often it was called."""
    usage: Mapping[str, float] | None = None
    """Tokens by kind, and `usd` where the price of each call is known; None is unknown."""
    denied: int = 0
    """Tool calls that were not allowed."""
    end: Mapping[str, Any] | None = None
    """The `end` line; None when the conversation was cut off."""

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]]) -> Tally:
        """The sum of these lines; what the `end` line says counts where no line says it of its own."""
        kinds: Counter[str] = Counter()
        tools: Counter[str] = Counter()
        usages: list[Mapping[str, Any]] = []
        end: Mapping[str, Any] | None = None
        for line in entries:
            kinds[line["type"]] += 1
            match line["type"]:
                case Entry.CALL:
                    tools[str(line.get("tool", ""))] += 1
                case Entry.USAGE:
                    usages.append(line)
                case Entry.END:
                    end = line
                case _:
                    pass
        said = end or {}
        usage = known_total(usages) if usages else _known(said.get("usage"))
        turns = said.get("turns")
        return cls(
            turns if isinstance(turns, int) else kinds[Entry.USAGE], dict(tools), usage, kinds[Entry.DENIED], end
        )


def total(usages: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The sum of several usages; `usd` only when all of them have one, since a part of a price is not the price."""
    every = list(usages)
    added: dict[str, float] = {kind: sum(_number(usage.get(kind)) for usage in every) for kind in TOKENS}
    if all(usage.get("usd") is not None for usage in every):
        added["usd"] = sum(_number(usage.get("usd")) for usage in every)
    return added


def known_total(usages: Iterable[Mapping[str, Any]]) -> dict[str, float] | None:
    """The sum of what is known; None when there are usages, and none of them tells its tokens."""
    every = list(usages)
    told = any(kind in usage for usage in every for kind in TOKENS)
    return total(every) if told or not every else None


def _known(usage: object) -> dict[str, float] | None:
    return total([cast(Mapping[str, Any], usage)]) if isinstance(usage, dict) else None


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
