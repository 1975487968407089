"""The tools of a conversation: how the model is told of them, and how its calls are checked and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.api.turns import Call, Declaration

_QUOTED = 300  # characters of a malformed input that are shown again


class Arguments(BaseModel):
    """Unknown arguments are refused: the model is told, rather than left to believe that they did something."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Output:
    """What a tool gives back."""

    text: str
    error: bool = False
    exit_code: int | None = None
    denied: bool = False
    """It was not allowed."""
    submitted: bool = False
    """The work is handed over: the conversation is at its end."""


A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True)
class Tool(Generic[A]):
    name: str
    description: str
    arguments: type[A]
    run: Callable[[A], Output]

    @property
    def declaration(self) -> Declaration:
        return Declaration(self.name, self.description, schema_of(self.arguments))


@dataclass(frozen=True)
class Mistake:
    """Why a call cannot be run as it is written; the model is told."""

    text: str


@dataclass(frozen=True)
class Toolbox:
    tools: Sequence[Tool[Any]]

    @property
    def declarations(self) -> list[Declaration]:
        return [tool.declaration for tool in self.tools]

    def prepare(self, call: Call) -> Callable[[], Output] | Mistake:
        """The call, ready to be run; nothing has happened yet."""
        tool = next((tool for tool in self.tools if tool.name == call.tool), None)
        if tool is None:
            names = ", ".join(tool.name for tool in self.tools)
            return Mistake(f"there is no tool {call.tool!r}; there are {names}")
        if call.input is None:
            return Mistake(f"the input is not a JSON object; as it arrived: {call.text[:_QUOTED]}")
        try:
            arguments = tool.arguments.model_validate(call.input)
        except ValidationError as error:
            return Mistake(_problems(error))
        return partial(_run, tool, arguments)


def _run(tool: Tool[Any], arguments: BaseModel) -> Output:
    """What the system refuses is for the model to know, and no end of the conversation."""
    try:
        return tool.run(arguments)
    except OSError as error:
        return Output(f"{tool.name} failed: {error}", error=True)


def _problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'input'}: {p['msg']}" for p in problems)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a tool's input: in one piece, for servers that do not follow references, and no titles."""
    schema = model.model_json_schema()
    definitions: Mapping[str, Any] = schema.pop("$defs", {})
    return cast(dict[str, Any], _inlined(schema, definitions))


def _inlined(schema: object, definitions: Mapping[str, Any]) -> object:
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in cast(list[object], schema)]
    if not isinstance(schema, dict):
        return schema
    fields = cast(dict[str, object], schema)
    if isinstance(reference := fields.get("$ref"), str):
        named = _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {**cast(dict[str, object], named), **{key: fields[key] for key in fields if key != "$ref"}}
    titled = isinstance(fields.get("title"), str)
    return {key: _inlined(value, definitions) for key, value in fields.items() if not (titled and key == "title")}
