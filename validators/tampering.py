"""What a milestone's work changed of the checks themselves: flagged, and blocking unless it can do no harm."""

from __future__ import annotations

from collections.abc import Mapping

from blueprints.plan import PlannedMilestone
from ledger.events import readable
from workspaces import findings, git, harness
from workspaces.harness import Flag
from workspaces.mission import Mission


def inspect(mission: Mission, milestone: PlannedMilestone, base: str, commit: str, commits: Mapping[str, str]) -> None:
    """Record each change as a finding about the feature that made it; one that was taken back is fixed.

    What is restored before it counts and was approved as something the feature touches is worth no finding.
    """
    root = mission.root
    uses = [pattern for check in milestone.checks for pattern in check.check.uses]
    changed = [*harness.flagged(root, base, commit, uses), *_setup_scripts(mission, base, commit)]
    flags = {readable(flag.path): flag for flag in changed}
    unexplained = dict(flags)
    for feature in milestone.in_order():
        declared = set(map(readable, git.changed_paths(root, base, commits[feature.id], feature.touches)))
        for path in map(readable, git.changed_paths(root, base, commits[feature.id])):
            if (flag := unexplained.pop(path, None)) and not (flag.restored and path in declared):
                _record(mission, milestone.name, flag, feature.id, harmless=flag.restored or path in declared)
    for flag in unexplained.values():
        _record(mission, milestone.name, flag, "", harmless=flag.restored)
    for finding in findings.open_findings(mission, milestone.name, source=findings.ENGINE):
        if finding.file and finding.file not in flags:
            findings.resolve(mission, finding, "fixed", commit=commit, proof="the change was taken back")


def _setup_scripts(mission: Mission, base: str, commit: str) -> list[Flag]:
    """What the setup's lines name is run before each check, and could put anything in its way."""
    named = {word.removeprefix("./") for line in mission.plan.blueprint.setup for word in line.split()}
    changed = git.changed_paths(mission.root, base, commit)
    return [
        Flag(path, "a script of the setup, run before every check", restored=False) for path in changed if path in named
    ]


def _record(mission: Mission, milestone: str, flag: Flag, feature: str, *, harmless: bool) -> None:
    """Harmless is what is restored before it counts, and what the approved plan says the feature touches."""
    findings.record(
        mission,
        milestone,
        findings.ENGINE,
        description=readable(f"{flag.path}: {flag.why}"),
        about=feature,
        severity="non_blocking" if harmless else "blocking",
        suggestedFix="" if harmless else "Take the change back, or name the path in the feature's touches.",
        file=readable(flag.path),
    )
