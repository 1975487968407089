"""A blueprint's file or text, checked and compiled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from blueprints.compose import compose
from blueprints.errors import BlueprintError, MissionError, Problem, suggest
from blueprints.lint import lint
from blueprints.mistakes import mistakes
from blueprints.plan import Plan, compile_plan
from blueprints.schema import Blueprint
from blueprints.settings import apply_settings
from blueprints.source import Source
from blueprints.text import MAX_BYTES, decode

_MOST = 200
"""Most problems reported of the schema, and of the rules: nobody reads more, and junk can have very many."""


@dataclass(frozen=True)
class Loaded:
    """A blueprint without mistakes."""

    blueprint: Blueprint
    """With the settings applied."""
    plan: Plan
    text: str
    """As written, without the settings."""
    name: str
    """The file as the user named it."""
    folder: Path
    """Absolute; the blueprint's relative paths start here."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """What `--set` replaced, to load `text` again in the same way."""


def load(path: Path, settings: Mapping[str, str] | None = None) -> Loaded:
    """The blueprint in a file, with `settings` (`{"agents.builder.timeout": "5m"}`) applied.

    Raises MissionError: one sentence if there is no such file, else a BlueprintError with all mistakes.
    """
    name = str(path)
    return load_text(decode(_read(path), name), name, path.absolute().parent, settings)


def load_text(text: str, name: str, folder: Path, settings: Mapping[str, str] | None = None) -> Loaded:
    """The blueprint in `text`; messages call it `name`, and its relative paths start at `folder`."""
    settings = dict(settings or {})
    folder = folder.absolute()
    source = apply_settings(compose(text, name), settings)
    blueprint, problems = _validate(source)
    problems += [*source.problems, *islice(lint(source, folder), _MOST)]
    if blueprint is None or problems:
        raise BlueprintError(problems)
    return Loaded(blueprint, compile_plan(blueprint, folder), text, name, folder, settings)


def load_blueprint(blueprint: str, settings: Mapping[str, str] | None = None) -> Loaded:
    """The blueprint in a text of several lines, or in the file at a path: for parameters that take either.

    The relative paths of a text start at the working directory.
    """
    if "\n" in blueprint.strip():
        return load_text(blueprint, "blueprint", Path.cwd(), settings)
    return load(Path(blueprint.strip()), settings)


def _validate(source: Source) -> tuple[Blueprint | None, list[Problem]]:
    """By way of JSON: there, strict means that no text passes for a number, yet enums are written as text."""
    try:
        return Blueprint.model_validate_json(json.dumps(source.root.value), strict=True), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [source.problem(*mistake) for mistake in islice(mistakes(details, source), _MOST)]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise MissionError(f"{path}: there is no such file; {_nearby(path)}") from None
    except IsADirectoryError:
        raise MissionError(f"{path}: is a folder; name the blueprint's file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MissionError(f"{path}: cannot be read ({reason.lower()}); check the path and its permissions") from None


def _nearby(path: Path) -> str:
    files = [str(file) for pattern in ("*.yaml", "*.yml") for file in path.parent.glob(pattern)]
    return suggest(str(path), files) if files else "check the path"
