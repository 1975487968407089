"""What goes to and fro between us and a model, whichever API carries it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol, cast

from agents.api.trouble import Trouble
from agents.api.usage import Usage
from ledger.events import readable


@dataclass(frozen=True)
class Call:
    """A tool call as the model wrote it."""

    id: str
    tool: str
    text: str
    """Its input as sent: JSON, unless it is malformed or cut off."""

    @property
    def input(self) -> dict[str, Any] | None:
        """None when it is no JSON object. Halves of characters, which JSON may hold, could not be sent back."""
        try:
            found: object = json.loads(self.text or "{}", parse_float=_finite, parse_constant=_finite)
            found = json.loads(readable(json.dumps(found, ensure_ascii=False)))
        except (ValueError, RecursionError):
            return None
        return cast(dict[str, Any], found) if isinstance(found, dict) else None


def _finite(number: str) -> float:
    """JSON has no other numbers, though some write them, and servers would refuse to take them back."""
    if not math.isfinite(value := float(number)):
        raise ValueError(f"{number} is no number")
    return value


@dataclass(frozen=True)
class Said:
    """The model's turn. `raw` is what the provider sent, given back to it byte for byte in every later call."""

    raw: tuple[Mapping[str, Any], ...]
    texts: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Result:
    """The answer to one call."""

    id: str
    text: str
    error: bool = False


@dataclass(frozen=True)
class Told:
    """Our turn: answers to all calls of the model's turn before it, then texts."""

    results: tuple[Result, ...] = ()
    texts: tuple[str, ...] = ()


Conversation = tuple[Said | Told, ...]


def tell(conversation: Conversation, told: Told) -> Conversation:
    """Our turn at the end; two of ours in a row become one, as some APIs want it."""
    last = conversation[-1] if conversation else None
    if not isinstance(last, Told):
        return (*conversation, told)
    both = replace(last, results=last.results + told.results, texts=last.texts + told.texts)
    return (*conversation[:-1], both)


class Stop(StrEnum):
    """Why the model stopped. Calls are run after `CALLS` and nothing else."""

    CALLS = "calls"
    ENDED = "ended"
    LENGTH = "length"
    OVERFLOW = "overflow"
    REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    said: Said
    stop: Stop
    usage: Usage | None
    """None where the provider did not tell."""


@dataclass(frozen=True)
class Declaration:
    """A tool as the model is told of it; `schema` is the JSON schema of its input."""

    name: str
    description: str
    schema: Mapping[str, Any]


class Provider(Protocol):
    """One API of one provider."""

    request: dict[str, Any]
    """What every call asks for besides the conversation."""

    def ask(self, conversation: Conversation) -> Answer | Trouble:
        """One call, from its start to the last event of its stream; a fault is handed back at once."""
        ...

    def close(self) -> None:
        """Give its connections back."""
        ...
