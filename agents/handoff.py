"""What an agent leaves behind, in the agent's own words. Never evidence: the engine adds its own facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ledger.events import readable
from workspaces.transcript import redacted


class Part(BaseModel):
    """Unknown keys are dropped: agents add their own, and engine facts are not theirs to write."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True
    )


def _is_missing(value: object) -> bool:
    return value is None or value == ""


class Severity(StrEnum):
    BLOCKING = "blocking"
    NON_BLOCKING = "non_blocking"
    SUGGESTION = "suggestion"


P = TypeVar("P", bound=Part)

OptionalText = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Many programs write null for what they leave out."""


class Issue(Part):
    severity: Severity
    description: Annotated[str, Field(min_length=1)]
    suggested_fix: OptionalText = ""
    about: Annotated[OptionalText, Field(exclude_if=_is_missing)] = ""
    """The feature it is about."""
    file: Annotated[OptionalText, Field(exclude_if=_is_missing)] = ""
    line: Annotated[int | None, Field(exclude_if=_is_missing)] = None


class Command(Part):
    command: str
    exit_code: int | None = None
    observation: str = ""


class Verification(Part):
    commands_run: list[Command] = []


class Tests(Part):
    added: list[Any] = []


class Note(Part):
    """What others on the mission should know."""

    text: Annotated[str, Field(min_length=1)]
    applies: list[str] = []
    """Path patterns of what it is about; none: everything."""


LONGEST_NOTE = 500
"""Characters of a note that are read."""
_MOST = 20
"""Notes of a handoff, and patterns of a note, that are read."""


def _notes(value: object) -> object:
    """Notes are known as objects and as texts, one or several. What is neither is dropped: a note is no duty."""
    items = cast(list[object], value) if isinstance(value, list) else [value]
    return [note for item in items if (note := _note(item))][:_MOST]


def _note(item: object) -> Note | None:
    if isinstance(item, Note):
        return item
    given = cast(dict[str, object], item) if isinstance(item, dict) else {"text": item}
    text = _line(given.get("text"))[:LONGEST_NOTE]
    return Note(text=text, applies=_patterns(given.get("applies"))) if text else None


def _patterns(value: object) -> list[str]:
    items = cast(list[object], value) if isinstance(value, list) else [value]
    lines = [_line(item) for item in items]
    return [line for line in lines if 0 < len(line) <= LONGEST_NOTE][:_MOST]


def _line(value: object) -> str:
    return readable(" ".join(value.split())) if isinstance(value, str) else ""


Notes = Annotated[list[Note], BeforeValidator(_notes), Field(exclude_if=lambda notes: not notes)]


class Handoff(Part):
    """See `reference/formats.md` for the names; lengths are bounded when it is read."""

    salient_summary: Annotated[str, Field(min_length=1)]
    what_was_implemented: str = ""
    what_was_left_undone: str = ""
    verification: Verification = Verification()
    tests: Tests = Tests()
    discovered_issues: list[Issue] = []
    notes: Notes = []


LIMIT = 200_000
"""Bytes of a handoff; a longer one is refused rather than cut."""


def read_handoff(path: Path, secrets: Mapping[str, str]) -> Handoff | None:
    """The handoff an agent wrote, or None when it wrote none; values of `secrets` become `[NAME]`.

    Raises ValueError with one sentence when there is a file but not a readable handoff in it.
    """
    text = written(path, secrets, called="handoff")
    return None if text is None else parsed(text, Handoff, called="handoff")


def written(path: Path, secrets: Mapping[str, str], *, called: str) -> bytes | None:
    """What an agent wrote to `path`, without the values of `secrets`; None when it wrote nothing.

    Raises ValueError with one sentence for anything but a plain file that is not too long.
    """
    if not path.exists():
        return None
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LIMIT:
        raise ValueError(f"the {called} is not a plain file of at most {LIMIT} bytes")
    return redacted(path.read_bytes(), secrets)


def parsed(text: bytes, model: type[P], *, called: str) -> P:
    """The JSON in `text` as a `model`. Raises ValueError with one sentence that names the first mistake."""
    try:
        return model.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or called
        raise ValueError(f"malformed {called}: {where}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"malformed {called}: not JSON") from None
