"""What a scripted model says: scripts, their steps, and the faults that a step may have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from blueprints.errors import MissionError
from blueprints.fields import Duration, Value, parse_duration

ErrorName = Literal[
    "rate-limit",
    "quota",
    "unauthenticated",
    "forbidden",
    "overloaded",
    "internal",
    "prompt-too-long",
    "model-not-found",
    "bad-request",
]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


def _wait(written: object) -> object:
    return 0.0 if written == 0 else parse_duration(written)


Wait = Annotated[float, BeforeValidator(_wait)]
"""A duration, or 0."""


class When(Value):
    """Which requests a script answers: all the patterns given must be found."""

    user: Pattern | None = None
    """Found in a user message; steps are counted from the last one it is found in."""
    model: Pattern | None = None
    key: Pattern | None = None


class Fault(Value):
    """What goes wrong instead of the step's answer, or in the middle of it."""

    kind: Literal[
        "status", "reset", "hang", "stream-error", "stream-reset", "stream-truncate", "stream-hang", "response-failed"
    ] = "status"
    """status: an HTTP error. reset, hang: before the first byte. stream-*: after `after` events, or half of a whole
    answer. response-failed: as Responses report it; the other protocols have `stream-error` instead."""
    error: ErrorName | None = None
    """Which of the provider's errors. Default: the usual one of `status`."""
    status: int | None = Field(default=None, ge=400, le=599)
    type: str | None = None
    code: str | None = None
    message: str | None = None
    retry_after: Wait | None = None
    after: int = Field(default=1, ge=0)
    """Events of the stream that are sent before."""
    times: int | None = Field(default=None, ge=1)
    """How often, then the step answers. Default: always."""
    per: Literal["conversation", "server"] = "conversation"
    """What `times` is counted for."""


class Tokens(Value):
    """Tokens to report instead of the counted ones; `input` excludes what the cache has to do with."""

    input: int | None = Field(default=None, ge=0)
    cache_read: int | None = Field(default=None, ge=0)
    cache_write: int | None = Field(default=None, ge=0)
    output: int | None = Field(default=None, ge=0)


class ToolUse(Value):
    """A call of the tool of that name; `namespace.name` for a tool in a namespace."""

    tool: str
    input: dict[str, Any] | str = Field(default={})
    raw_input: str | None = None
    """The input as text instead, which may be cut off or not be JSON."""


class ShellUse(Value):
    """A call of whichever shell tool the request declares."""

    shell: str


class SubmitUse(Value):
    """A call of the tool named `submit`."""

    submit: dict[str, Any]


class Step(Value):
    """One answer of the model. `{{name}}` stands for a named group of the script's patterns, or for `user`,
    `tool_result`, `turn` or `step`."""

    text: str = ""
    thinking: str = ""
    calls: list[ToolUse | ShellUse | SubmitUse] = Field(default=[])
    stop: str | None = None
    """The stop reason instead of the usual one, such as `max_tokens` or `refusal`."""
    usage: Tokens = Tokens()
    delay: Duration | None = None
    """Seconds before the first byte."""
    chunk_delay: Duration | None = None
    """Seconds between the events of a stream."""
    fault: Fault | None = None


def _step(written: object) -> object:
    return {"text": written} if isinstance(written, str) else written


class Script(Value):
    """The answers to one conversation, by position: the same request always gets the same answer."""

    name: str = "script"
    when: When = When()
    steps: list[Annotated[Step, BeforeValidator(_step)]] = Field(min_length=1)
    """A step may be written as its text alone."""
    then: str | None = None
    """The text after the last step. Default: the last step again."""

    def step(self, number: int) -> Step:
        """The step of that number, from 1."""
        if number <= len(self.steps):
            return self.steps[number - 1]
        return self.steps[-1] if self.then is None else Step(text=self.then)


_SCRIPTS: TypeAdapter[list[Script]] = TypeAdapter(list[Script])


def load_scripts(path: Path) -> list[Script]:
    """The scripts of a YAML file: one, a list, or a list at `scripts`. Raises MissionError with the place."""
    try:
        data: object = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MissionError(f"{path}: cannot be read: {error}") from None
    try:
        return _SCRIPTS.validate_python(_listed(data))
    except ValidationError as error:
        raise MissionError(f"{path}: {_first(error)}") from None


def _listed(data: object) -> object:
    if not isinstance(data, dict):
        return data
    written = cast("dict[str, object]", data)
    return written["scripts"] if set(written) == {"scripts"} else [written]


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
