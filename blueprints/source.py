"""A blueprint as written: plain data, and the line of every value.

Safe on any input: size, nesting and the number of values after alias expansion are bounded, and no tag
constructs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blueprints.errors import Problem
from blueprints.text import Data, Path, spell


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it is written, and the nodes inside it."""

    value: Data
    line: int
    """Of its key in a mapping, else of its beginning."""
    inside: Mapping[str | int, Node] = field(default_factory=dict[str | int, "Node"])
    size: int = 1
    """Values in it, aliases expanded."""
    height: int = 0
    """Levels below it, aliases expanded."""
    setting: str | None = None
    """The `--set` key it comes from instead of the file."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    """The file as the user named it."""
    root: Node
    problems: tuple[Problem, ...] = ()
    """Mistakes that do not keep the rest from being read, such as a key given twice."""

    def node(self, path: Path) -> Node:
        """The node at `path`, or the innermost one around where it would be."""
        node = self.root
        for part in path:
            if part not in node.inside:
                break
            node = node.inside[part]
        return node

    def problem(self, path: Path, message: str) -> Problem:
        node = self.node(path)
        file, line = (f"--set {node.setting}", 0) if node.setting else (self.name, node.line)
        return Problem(file, line, spell(path), message)
