"""A request and its answer as every protocol has them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast

Data = dict[str, Any]
History = dict[str, list[Data]]
"""Message or response id to the conversation up to and including it, for clients that leave it to the server."""


@dataclass(frozen=True)
class Said:
    """One part of the conversation so far."""

    role: Literal["user", "model", "result", "system"]
    text: str


@dataclass(frozen=True)
class Tool:
    """A tool as the request declares it."""

    name: str
    schema: Data = field(default_factory=dict[str, Any])
    kind: Literal["function", "custom"] = "function"
    namespace: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Prefix:
    """A request in the order in which it is cached."""

    blocks: tuple[str, ...]
    marks: tuple[int, ...] | None = None
    """Blocks that end with a breakpoint; None: the provider caches by itself, up to every block."""


@dataclass(frozen=True)
class Asked:
    """A request for an answer."""

    model: str
    said: tuple[Said, ...]
    tools: tuple[Tool, ...]
    prefix: Prefix
    stream: bool
    turns: list[Data]
    """The whole conversation in the protocol's own form."""
    session: str = ""
    """What the request itself names its conversation."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `input` excludes those read from and written to the cache."""

    input: int
    cache_read: int
    cache_write: int
    output: int

    @property
    def whole_input(self) -> int:
        return self.input + self.cache_read + self.cache_write


@dataclass(frozen=True)
class ToolCall:
    """A tool call of the answer."""

    id: str
    tool: Tool
    raw: str
    """JSON of the input, or what the script has in its place; a custom tool's input is any text."""

    @property
    def input(self) -> Data:
        """The input where it is an object, otherwise an empty one."""
        try:
            data = json.loads(self.raw)
        except ValueError:
            return {}
        return cast("Data", data) if isinstance(data, dict) else {}

    @property
    def malformed(self) -> bool:
        return not self.input and self.raw.strip() != "{}"


@dataclass(frozen=True)
class Reply:
    """An answer of the model."""

    id: str
    """Unique; each protocol puts its own prefix before it."""
    model: str
    text: str
    thinking: str
    calls: tuple[ToolCall, ...]
    stop: str | None
    """The scripted stop reason; None is the usual one."""
    usage: Usage


@dataclass(frozen=True)
class Problem:
    """An error as a provider reports it."""

    status: int
    type: str
    code: str | None
    message: str
    param: str | None = None
    retry_after: float | None = None


class Api(Protocol):
    """One provider's protocol."""

    @property
    def name(self) -> str:
        """How calls and errors know it: messages, responses, chat or gemini."""
        ...

    def read(self, body: Data, history: History, /) -> Asked | Problem:
        """What the request asks, or why the provider would refuse it."""
        ...

    def whole(self, reply: Reply, body: Data, /) -> Data:
        """The answer in one piece."""
        ...

    def events(self, reply: Reply, body: Data, /) -> list[bytes]:
        """The answer as server-sent events."""
        ...

    def turns(self, reply: Reply) -> list[Data]:
        """The answer as it stands in later requests."""
        ...

    def identify(self, reply: Reply) -> str:
        """The id by which the client may refer to the answer."""
        ...

    def error(self, problem: Problem) -> Data:
        """The body of an HTTP error."""
        ...

    def error_event(self, problem: Problem) -> bytes:
        """The same in a stream."""
        ...


def event(data: Data, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def pieces(text: str) -> list[str]:
    """A text as a stream cuts it: at most eight parts."""
    size = max(12, -(-len(text) // 8))
    return [text[start : start + size] for start in range(0, len(text), size)]


def section(data: Data, name: str) -> Data:
    """A mapping inside; empty where there is none."""
    return cast("Data", data.get(name) or {})


def entries(data: Data, name: str) -> list[Data]:
    """A list of mappings inside; empty where there is none."""
    return cast("list[Data]", data.get(name) or [])


def canonical(data: object) -> str:
    """JSON that is the same for the same data."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain_text(content: Any) -> str:
    """The text of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = cast("list[Data | str]", content) if isinstance(content, list) else []
    return "\n".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)
