"""Where a run is worked on: the repository it was accepted in, or the one on this machine that it was brought to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from blueprints.plan import Plan
from ledger.events import Event, Kind
from ledger.files import write_file
from ledger.folder import RunFolder
from workspaces.amended import current_plan
from workspaces.repository import Repository, recorded_repository

PLACE = "place.json"
"""A file of the run folder that never leaves the machine."""


@dataclass(frozen=True)
class Place:
    """Where a run that came from elsewhere is worked on here. The next `mission_run_started` records it."""

    repository: Path
    folder: Path
    """The blueprint's own."""


def settle(folder: RunFolder, place: Place) -> None:
    """From now on, on this machine, the run is worked on there."""
    told = {"repository": str(place.repository), "folder": str(place.folder)}
    write_file(folder.path / PLACE, json.dumps(told))


def repository_of(folder: RunFolder, events: Iterable[Event]) -> Repository:
    """The repository as the run began on it, wherever it lies now. Raises MissionError when it is not there."""
    accepted = _accepted(events)
    return recorded_repository(path_of(folder, [accepted]), accepted.data["baseBranch"], accepted.data["base"])


def path_of(folder: RunFolder, events: Iterable[Event]) -> Path:
    """The folder of that repository, whether it is there or not."""
    place = _settled(folder)
    return place.repository if place else Path(_accepted(events).data["repository"])


def here(folder: RunFolder, plan: Plan) -> Plan:
    """The plan, with the blueprint's relative paths where they lead on this machine."""
    place = _settled(folder)
    return plan.model_copy(update={"folder": str(place.folder.resolve())}) if place else plan


def plan_here(folder: RunFolder) -> Plan:
    """The plan that holds now, on this machine."""
    return here(folder, current_plan(folder))


def _accepted(events: Iterable[Event]) -> Event:
    return next(event for event in events if event.kind is Kind.MISSION_ACCEPTED)


def _settled(folder: RunFolder) -> Place | None:
    try:
        told = json.loads((folder.path / PLACE).read_bytes())
    except FileNotFoundError:
        return None
    return Place(Path(told["repository"]), Path(told["folder"]))
