"""A blueprint's raw data, read tolerantly.

Rules work on this rather than on the validated model, so that they find their mistakes although the schema
has others. What has the wrong type is left out here: the schema reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as Folder

from blueprints.errors import Problem
from blueprints.source import Source
from blueprints.text import Data, Path


@dataclass(frozen=True)
class Part:
    """A mapping somewhere in the blueprint."""

    path: Path
    data: dict[str, Data]

    def text(self, key: str) -> str | None:
        value = self.data.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str, default: int) -> int:
        value = self.data.get(key, default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def part(self, key: str) -> Part:
        value = self.data.get(key)
        return Part((*self.path, key), value if isinstance(value, dict) else {})

    def parts(self, key: str) -> list[Part]:
        """The mappings in a list, or in a mapping."""
        value = self.data.get(key)
        items = enumerate(value) if isinstance(value, list) else self.part(key).data.items()
        return [Part((*self.path, key, step), item) for step, item in items if isinstance(item, dict)]

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """The texts in a list, each with its path."""
        value = self.data.get(key)
        items = enumerate(value) if isinstance(value, list) else ()
        return [((*self.path, key, n), item) for n, item in items if isinstance(item, str)]

    def all_texts(self, key: str) -> Iterator[tuple[Path, str]]:
        """The text there, or those in what is there, at any depth."""
        return _texts((*self.path, key), self.data.get(key))


def _texts(path: Path, value: Data) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    steps = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for step, item in steps:
        yield from _texts((*path, step), item)


@dataclass(frozen=True)
class Draft:
    """What the rules look at."""

    source: Source
    folder: Folder

    @cached_property
    def root(self) -> Part:
        value = self.source.root.value
        return Part((), value if isinstance(value, dict) else {})

    @cached_property
    def agents(self) -> dict[str, Data]:
        return self.root.part("agents").data

    @cached_property
    def contract(self) -> dict[str, Data]:
        return self.root.part("contract").data

    @cached_property
    def assertions(self) -> dict[str, list[Part]]:
        """The checks of each assertion."""
        parts = {str(part.path[-1]): part for part in self.root.parts("contract")}
        return {name: _proofs(parts[name]) if name in parts else [] for name in self.contract}

    @cached_property
    def services(self) -> dict[str, Part]:
        return {str(part.path[-1]): part for part in self.root.parts("services")}

    @cached_property
    def milestones(self) -> list[Part]:
        return self.root.parts("milestones")

    @cached_property
    def features(self) -> list[tuple[int, Part]]:
        """Every feature with its milestone's position."""
        return [(n, feature) for n, milestone in enumerate(self.milestones) for feature in milestone.parts("features")]

    @cached_property
    def checks(self) -> list[Part]:
        """Every check, wherever it is written."""
        checks = self.root.parts("validators")
        checks += [check for milestone in self.milestones for check in milestone.parts("validate")]
        checks += [check for proofs in self.assertions.values() for check in proofs]
        return [*checks, self.root.part("tests").part("check")]

    def problem(self, path: Path, message: str) -> Problem:
        return self.source.problem(path, message)

    def line(self, path: Path) -> int:
        return self.source.node(path).line


def _proofs(assertion: Part) -> list[Part]:
    return [assertion.part("check")] * ("check" in assertion.data) + assertion.parts("checks")
