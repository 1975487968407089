"""What an agent leaves behind, in the agent's own words. Never evidence: the engine adds its own facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from workspaces.transcript import redacted


class Part(BaseModel):
    """Unknown keys are dropped: agents add their own, and engine facts are not theirs to write."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True
    )


class Severity(StrEnum):
    BLOCKING = "blocking"
    NON_BLOCKING = "non_blocking"
    SUGGESTION = "suggestion"


class Issue(Part):
    severity: Severity
    description: Annotated[str, Field(min_length=1)]
    suggested_fix: str = ""


class Command(Part):
    command: str
    exit_code: int | None = None
    observation: str = ""


class Verification(Part):
    commands_run: list[Command] = []


class Tests(Part):
    added: list[Any] = []


class Handoff(Part):
    """See `reference/formats.md` for the names; lengths are bounded when it is read."""

    salient_summary: Annotated[str, Field(min_length=1)]
    what_was_implemented: str = ""
    what_was_left_undone: str = ""
    verification: Verification = Verification()
    tests: Tests = Tests()
    discovered_issues: list[Issue] = []


LIMIT = 200_000
"""Bytes of a handoff; a longer one is refused rather than cut."""


def read_handoff(path: Path, secrets: Mapping[str, str]) -> Handoff | None:
    """The handoff an agent wrote, or None when it wrote none; values of `secrets` become `[NAME]`.

    Raises ValueError with one sentence when there is a file but not a readable handoff in it.
    """
    if not path.exists():
        return None
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LIMIT:
        raise ValueError(f"the handoff is not a plain file of at most {LIMIT} bytes")
    try:
        return Handoff.model_validate(json.loads(redacted(path.read_bytes(), secrets)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "handoff"
        raise ValueError(f"malformed handoff: {where}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise ValueError("malformed handoff: not JSON") from None
