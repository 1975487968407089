"""Conflicts ahead: between features that are built and wait to be merged."""

from __future__ import annotations

from pathlib import Path

from blueprints.text import counted
from ledger.report import MilestoneReport, MissionReport, StepStatus
from workspaces.collisions import Overlap, overlaps
from workspaces.git_command import GitError


def conflicts_ahead(report: MissionReport) -> list[str]:
    """A line for each two features that git will not merge by itself; none where nobody can tell."""
    if report.status.over or not report.repository or not Path(report.repository).is_dir():
        return []
    root = Path(report.repository)
    return [_told(overlap) for milestone in report.milestones for overlap in _overlaps(root, milestone)]


def _overlaps(root: Path, milestone: MilestoneReport) -> list[Overlap]:
    built = {f.id: f.commit for f in milestone.features if f.status is StepStatus.DONE and f.commit}
    try:
        return overlaps(root, milestone.base, built) if milestone.base and len(built) > 1 else []
    except GitError:
        return []  # commits that are gone conflict no more


def _told(overlap: Overlap) -> str:
    where = f"{', '.join(overlap.paths)} ({counted(overlap.hunks, 'place')})"
    return f"{overlap.one} and {overlap.other} conflict in {where}; it is settled when they are merged"
