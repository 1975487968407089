"""A run whose plan somebody wants otherwise: what `mission plan --revise` begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.commission import Revision
from blueprints.errors import MissionError
from ledger.events import Kind, read_events
from ledger.folder import RunFolder
from workspaces.amended import current_files
from workspaces.whereabouts import path_of, plan_here


@dataclass(frozen=True)
class Proposed:
    """What was proposed, where, and what is to change."""

    goal: str
    file: Path
    """Its blueprint, as accepted."""
    output: Path
    """Where the next one belongs: there, the relative paths of both are the same."""
    repository: Path
    revision: Revision


def proposed(folder: RunFolder) -> Proposed:
    """Raises MissionError for a run that nobody asked to revise."""
    events, plan, file = read_events(folder.ledger), plan_here(folder), current_files(folder) / "blueprint.yaml"
    asked = next((e for e in reversed(events) if e.kind is Kind.PLAN_REJECTED), None)
    if asked is None or asked.data["decision"] != "revise":
        raise MissionError(f"nobody asked for another plan of {folder.run}; see `mission revise --help`")
    revision = Revision(file.read_text(encoding="utf-8"), asked.data["note"], asked.data["by"])
    output = Path(plan.folder) / f"{plan.blueprint.mission}-revised.yaml"
    return Proposed(plan.blueprint.goal, file, output, path_of(folder, events), revision)
