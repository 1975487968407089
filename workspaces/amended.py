"""The plan of a run whose blueprint was changed: which one holds, and where the others are kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from blueprints.differences import differences
from blueprints.errors import MissionError
from blueprints.plan import Plan, compile_plan
from ledger.events import Event, Kind, read_events
from ledger.files import write_file
from ledger.folder import RunFolder

CONTRACT = "contract.md"
_FILES = ("blueprint.yaml", CONTRACT, "plan.json")
"""What a plan consists of on disk; `plan.json` comes last, so that with it all are there."""


def kept_at(folder: RunFolder, name: str) -> Path:
    """Where a plan is kept for good; `name` is the digest of its `plan.json`."""
    return folder.path / "amendments" / name[:12]


def name_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def amendments(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.kind is Kind.PLAN_AMENDED]


def current_files(folder: RunFolder) -> Path:
    """The folder of `plan.json` and `blueprint.yaml` as they hold now, also while they are being replaced."""
    last = _unfinished(folder, read_events(folder.ledger))
    return kept_at(folder, last) if last else folder.path


def current_plan(folder: RunFolder) -> Plan:
    """The plan that was accepted, or amended since. Raises MissionError when it cannot be read."""
    return _read(current_files(folder) / "plan.json")


def finish(folder: RunFolder, events: Iterable[Event]) -> None:
    """Put the amended plan in its place, unless it is there. For the run's owner; can be repeated."""
    last = _unfinished(folder, events)
    if not last:
        return
    source, accepted_at = kept_at(folder, last), folder.blueprint.stat().st_mtime_ns
    for name in _FILES:
        write_file(folder.path / name, (source / name).read_text(encoding="utf-8"))
    os.utime(folder.blueprint, ns=(accepted_at, accepted_at))  # runs are listed by it


def keep(folder: RunFolder, files: dict[str, str]) -> str:
    """Keep a plan's files for good; the name they are kept under."""
    name = name_of(files["plan.json"].encode())
    for file in _FILES:
        write_file(kept_at(folder, name) / file, files[file])
    return name


def keep_current(folder: RunFolder) -> str:
    """The same for the plan that is to be replaced."""
    return keep(folder, {name: (folder.path / name).read_text(encoding="utf-8") for name in _FILES})


def agreed(events: Iterable[Event]) -> str:
    """Digest of the plan that was accepted, or amended last."""
    kinds = (Kind.MISSION_ACCEPTED, Kind.PLAN_AMENDED)
    return str([event.data["plan"] for event in events if event.kind in kinds][-1])


def require_agreed(plan: Plan, folder: RunFolder, events: Iterable[Event]) -> None:
    """Raises MissionError unless this is the plan that was accepted, or amended last."""
    if plan.digest != agreed(events) or compile_plan(plan.blueprint, Path(plan.folder)) != plan:
        raise MissionError(_edited(folder))


def since_approval(folder: RunFolder, plan: Plan, events: Iterable[Event]) -> str:
    """What `plan` has otherwise than the one approved last, or else accepted, as Markdown; empty if not amended."""
    events = list(events)
    changes = amendments(events)
    if not changes:
        return ""
    approved = [event.data["plan"] for event in events if event.kind is Kind.PLAN_APPROVED]
    replaced = [event for event in changes if approved and event.data["before"] == approved[-1]]
    origin = kept_at(folder, (replaced or changes[:1])[-1].data["replaced"])
    return differences(_read(origin / "plan.json"), plan).markdown()


def _unfinished(folder: RunFolder, events: Iterable[Event]) -> str | None:
    """The name of the amended plan that is not in its place yet: a crash came between."""
    if not (changes := amendments(events)):
        return None
    last, there = changes[-1].data, name_of(folder.plan_file.read_bytes())
    if there not in (last["file"], last["replaced"]):
        raise MissionError(_edited(folder))
    return None if there == last["file"] else str(last["file"])


def _edited(folder: RunFolder) -> str:
    return (
        f"{folder.plan_file}: not the plan that was accepted; it was edited: start a new run, or put the file back and "
        f"change the plan with `mission resume {folder.run} --blueprint FILE`"
    )


def _read(file: Path) -> Plan:
    try:
        return Plan.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        raise MissionError(f"{file}: not a plan of this version of Missions; start a new run") from None
