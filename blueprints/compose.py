"""The YAML parser's events, put together as nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from blueprints.errors import BlueprintError, Problem
from blueprints.source import Node, Source
from blueprints.text import Data, Path, check_text, quote, refusal, resolve, spell

MAX_DEPTH = 100
MAX_VALUES = 50_000

_parse = cast("Callable[..., Iterator[Event]]", getattr(yaml, "parse"))  # noqa: B009 it has no types
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_EMPTY = "is empty; a blueprint begins with 'mission:' and 'goal:'"


def compose(text: str, name: str) -> Source:
    """A blueprint's text as data with lines. Raises BlueprintError for what cannot be read at all."""
    text = check_text(text, name)
    try:
        return _Composer(name, _parse(text, Loader=_Loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise refusal(name, mark.line + 1 if mark else 1, _syntax(text, error)) from None
    except yaml.YAMLError as error:
        raise refusal(name, 1, f"is not YAML ({str(error)[:80]}); check the file") from None


def _syntax(text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    lines = text.split("\n")
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents this line; indent with spaces"
    what = error.problem or "something is out of place"
    return f"not valid YAML here ({what}); check the indentation, quotes, brackets and colons"


class _Composer:
    """Reads one document's events; a stack of Python calls as deep as the document, hence the limit."""

    def __init__(self, name: str, events: Iterator[Event]) -> None:
        self.name = name
        self.events = events
        self.anchors: dict[str, Node | None] = {}
        """None while the node is still open: an alias to it would contain itself."""
        self.values = 0
        self.problems: list[Problem] = []

    def document(self) -> Source:
        next(self.events)
        if isinstance(next(self.events), StreamEndEvent):
            raise refusal(self.name, 1, _EMPTY)
        root = self.node(next(self.events), ())
        if root.value is None:
            raise refusal(self.name, 1, _EMPTY)
        next(self.events)
        if isinstance(more := next(self.events), DocumentStartEvent):
            raise self.refuse(more, "a second document begins; a file holds one blueprint, so remove '---'")
        return Source(self.name, root, tuple(self.problems))

    def node(self, event: Event, path: Path) -> Node:
        if isinstance(event, AliasEvent):
            return self.alias(event, path)
        anchor: str | None = getattr(event, "anchor", None)
        if anchor:
            self.anchors[anchor] = None
        self.count(event, 1)
        node = self.value(event, path)
        if anchor:
            self.anchors[anchor] = node
        return node

    def alias(self, event: AliasEvent, path: Path) -> Node:
        anchor = str(event.anchor)
        if anchor not in self.anchors:
            raise self.refuse(event, f"the alias *{anchor} has no anchor; write &{anchor} before it")
        node = self.anchors[anchor]
        if node is None:
            raise self.refuse(event, f"the alias *{anchor} is inside its own anchor; write the value out")
        self.count(event, node.size)
        self.check_depth(event, len(path) + node.height)
        return replace(node, line=_line(event))

    def value(self, event: Event, path: Path) -> Node:
        self.check_depth(event, len(path))
        if tag := getattr(event, "tag", None):
            raise self.refuse(event, f"the tag {quote(tag)} is not supported; remove it, and put text in quotes")
        if isinstance(event, ScalarEvent):
            return Node(self.scalar(event), _line(event))
        return self.mapping(event, path) if isinstance(event, MappingStartEvent) else self.sequence(event, path)

    def scalar(self, event: ScalarEvent) -> Data:
        text = str(event.value)
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
            raise self.refuse(event, "an escape stands for a character that text cannot hold; remove it")
        return resolve(text) if event.implicit[0] else text

    def sequence(self, event: Event, path: Path) -> Node:
        inside: dict[str | int, Node] = {}
        while not isinstance(item := next(self.events), SequenceEndEvent):
            inside[len(inside)] = self.node(item, (*path, len(inside)))
        return _around(event, [node.value for node in inside.values()], inside)

    def mapping(self, event: Event, path: Path) -> Node:
        inside: dict[str | int, Node] = {}
        merged: list[Node] = []
        while not isinstance(key := next(self.events), MappingEndEvent):
            name = self.key(key, inside, path)
            value = self.node(next(self.events), (*path, name or ""))
            if name == "<<" and getattr(key, "implicit", (False,))[0]:
                merged += self.merged(key, value)
            elif name is not None:
                inside[name] = replace(value, line=_line(key))
        return _merge(event, inside, merged)

    def key(self, event: Event, inside: Mapping[str | int, Node], path: Path) -> str | None:
        """The name of a new key; None once it is noted as a mistake."""
        name = self.node(event, (*path, "")).value
        if not isinstance(name, str):
            self.note(event, path, "a key here is not text; write a name, in quotes if it looks like a number")
            return None
        if name in inside:
            self.note(event, (*path, name), f"is there twice, first in line {inside[name].line}; keep one")
            return None
        return name

    def merged(self, key: Event, value: Node) -> list[Node]:
        nodes = list(value.inside.values()) if isinstance(value.value, list) else [value]
        if not all(isinstance(node.value, dict) for node in nodes):
            raise self.refuse(key, "'<<' takes in a mapping or a list of mappings; give it an alias to one")
        return nodes

    def count(self, event: Event, values: int) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            raise self.refuse(event, f"more than {MAX_VALUES} values, aliases expanded; make the blueprint smaller")

    def check_depth(self, event: Event, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self.refuse(event, f"nested deeper than {MAX_DEPTH} levels; flatten it")

    def note(self, event: Event, path: Path, message: str) -> None:
        self.problems.append(Problem(self.name, _line(event), spell(path), message))

    def refuse(self, event: Event, message: str) -> BlueprintError:
        return refusal(self.name, _line(event), message)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _merge(event: Event, inside: dict[str | int, Node], merged: list[Node]) -> Node:
    """A mapping's own keys win over merged ones, and earlier merged mappings over later ones."""
    whole: dict[str | int, Node] = {}
    for node in reversed(merged):
        whole |= node.inside
    whole |= inside
    return _around(event, {str(key): node.value for key, node in whole.items()}, whole)


def _around(event: Event, value: Data, inside: dict[str | int, Node]) -> Node:
    nodes = inside.values()
    size = 1 + sum(node.size for node in nodes)
    return Node(value, _line(event), inside, size, 1 + max((node.height for node in nodes), default=0))
