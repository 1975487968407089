"""Issues that somebody discovered, each with a fate: fixed, dismissed or backlog. None is lost."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from blueprints.errors import MissionError
from blueprints.fields import Recorded
from ledger.events import Event, Kind, readable
from workspaces.mission import Mission

ENGINE = "engine"
"""The source of what the engine itself noticed."""


class Finding(Recorded):
    """As in the ledger's `finding_recorded`."""

    id: str
    severity: Literal["blocking", "non_blocking", "suggestion"]
    description: str
    suggested_fix: str = Field(default="")
    source: str
    """The agent's session, the id of the check that found it, or `engine`."""
    milestone: str
    about: str = Field(default="")
    """The feature it is about."""
    file: str = Field(default="")
    commit: str = Field(default="")
    """The commit it was found on, by a check."""

    @property
    def blocking(self) -> bool:
        return self.severity == "blocking"


def open_findings(mission: Mission, milestone: str | None = None, *, source: str | None = None) -> list[Finding]:
    """The findings without a fate yet, oldest first: of all milestones and sources, or of one."""
    found: dict[str, Finding] = {}
    for event in list(mission.ledger.events):
        if event.kind is Kind.FINDING_RECORDED:
            found[event.data["id"]] = Finding.model_validate(event.data)
        elif event.kind is Kind.FINDING_RESOLVED:
            found.pop(event.data["id"], None)
    return [f for f in found.values() if milestone in (None, f.milestone) and source in (None, f.source)]


def blocking_findings(mission: Mission, milestone: str) -> list[Finding]:
    """What must be fixed or dismissed before the milestone can be sealed."""
    return [finding for finding in open_findings(mission, milestone) if finding.blocking]


def dismissed(mission: Mission, milestone: str, source: str) -> set[tuple[str, str]]:
    """Description and feature of what somebody dismissed: it is not brought up again."""
    ids = {e.data["id"] for e in _events(mission, Kind.FINDING_RESOLVED) if e.data["fate"] == "dismissed"}
    found = [Finding.model_validate(e.data) for e in _events(mission, Kind.FINDING_RECORDED) if e.data["id"] in ids]
    return {(f.description, f.about) for f in found if (f.milestone, f.source) == (milestone, source)}


def _events(mission: Mission, kind: Kind) -> list[Event]:
    return [event for event in list(mission.ledger.events) if event.kind is kind]


def open_finding(mission: Mission, identifier: str) -> Finding:
    """The open finding with this id. Raises MissionError when there is none."""
    known = {finding.id: finding for finding in open_findings(mission)}
    if identifier not in known:
        advice = f"open are {', '.join(known)}" if known else "none is open"
        raise MissionError(f"'{identifier}' is no open finding of {mission.run}; {advice}")
    return known[identifier]


def record(mission: Mission, milestone: str, source: str, *, description: str, about: str = "", **facts: Any) -> None:
    """Write a finding down under a new id; one from the same source that is open or was dismissed stays as it is.

    All attempts at a piece of work are one source: one that a crash cut short may have told it already.
    """
    description = readable(description)
    with mission.alone("ledger: findings"):
        before = [f for f in open_findings(mission, milestone) if _work_of(f.source) == _work_of(source)]
        known = {(f.description, f.about) for f in before}
        if (description, about) in known | dismissed(mission, milestone, source):
            return
        number = 1 + len(_events(mission, Kind.FINDING_RECORDED))
        own = {"id": f"F-{number}", "milestone": milestone, "source": source}
        fields = {"description": description, "about": about, "suggestedFix": "", "file": ""}
        mission.ledger.append(Kind.FINDING_RECORDED, **fields | facts | own)


def _work_of(source: str) -> str:
    """The session without its attempt."""
    work, _, attempt = source.rpartition(".")
    return work if attempt.isdigit() else source


def resolve(mission: Mission, finding: Finding, fate: Literal["fixed", "dismissed", "backlog"], **facts: str) -> None:
    """Say what became of a finding: `commit` and `proof`, or `by` and `why`."""
    mission.ledger.append(Kind.FINDING_RESOLVED, id=finding.id, milestone=finding.milestone, fate=fate, **facts)
