"""A desk for an agent."""

from __future__ import annotations

import threading
from pathlib import Path

from agents.base import Desk


def desk_in(folder: Path, *, grace: float) -> Desk:
    """With an empty workspace, and all else beside that."""
    workspace = folder / "tree"
    workspace.mkdir()
    return Desk(
        workspace=workspace,
        prompt=folder / "prompt.md",
        assignment=folder / "assignment.json",
        handoff=folder / "handoff.json",
        transcript=folder / "transcript.jsonl",
        home=folder / "home",
        timeout=60,
        stop=threading.Event(),
        grace=grace,
    )
