"""What the ledger and the run folder keep of an attempt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents.base import AgentRun, Assignment
from agents.handoff import Handoff, Issue, Note, Severity
from agents.library import record_notes
from ledger.events import Kind
from ledger.files import write_file
from ledger.report import StepStatus
from workspaces import findings
from workspaces.mission import Mission


@dataclass(frozen=True)
class Record:
    mission: Mission
    assignment: Assignment
    session: str
    agent: str

    def started(self) -> None:
        self._append(Kind.WORKER_STARTED, agent=self.agent, base=self.assignment.base)

    def completed(self, run: AgentRun, commit: str, handoff: Handoff | None, key: str) -> None:
        """The handoff with the engine's facts, its findings, and last the line that makes the step finished."""
        facts = {
            "successState": "success",
            "commitId": commit,
            "base": self.assignment.base,
            "attempt": self.assignment.attempt,
            "usage": run.usage,
            "duration": round(run.seconds, 3),
            "session": self.session,
        }
        said = handoff.model_dump(mode="json", exclude_defaults=True) if handoff else {}
        write_file(self.mission.folder.handoff(self.session), json.dumps(said | facts))
        for issue in _findings(handoff):
            self._find(issue)
        self._learn(handoff.notes if handoff else ())
        summary = handoff.salient_summary if handoff else ""
        self._append(
            Kind.WORKER_COMPLETED,
            key=key,
            commitId=commit,
            successState="success",
            summary=summary,
            **_ending(run),
        )

    def answered(self, run: AgentRun, summary: str, notes: Sequence[Note] = ()) -> None:
        """An answer made no commit, and is no finished step: that is the verdict it leads to."""
        self._learn(notes)
        self._append(Kind.WORKER_COMPLETED, successState="success", summary=summary, **_ending(run))

    def failed(self, run: AgentRun, reason: str, status: StepStatus) -> None:
        paused = status in (StepStatus.STOPPED, StepStatus.PARKED)
        kind = Kind.WORKER_PAUSED if paused else Kind.WORKER_FAILED
        self._append(kind, reason=reason, status=status.value, **_ending(run))

    def _find(self, issue: Issue) -> None:
        about = {"about": self.assignment.feature} | issue.model_dump(mode="json", exclude_defaults=True)
        findings.record(self.mission, self.assignment.milestone, self.session, **about)

    def _learn(self, notes: Sequence[Note]) -> None:
        record_notes(self.mission, self.assignment.milestone, self.session, notes)

    def _append(self, kind: Kind, **data: Any) -> None:
        assignment = self.assignment
        self.mission.ledger.append(
            kind,
            workerSessionId=self.session,
            role=assignment.role.value,
            milestone=assignment.milestone,
            featureId=assignment.feature,
            attempt=assignment.attempt,
            **data,
        )


def _ending(run: AgentRun) -> dict[str, Any]:
    facts: dict[str, Any] = {"exitCode": run.exit_code, "seconds": round(run.seconds, 3), "usage": run.usage}
    if tally := run.tally:
        facts |= {"turns": tally.turns, "tools": tally.tools, "denied": tally.denied}
        facts |= {"model": run.model, "version": run.version, "providerSession": (tally.end or {}).get("session")}
    return {name: value for name, value in facts.items() if value or name in ("exitCode", "seconds", "usage")}


def _findings(handoff: Handoff | None) -> list[Issue]:
    if handoff is None:
        return []
    undone = handoff.what_was_left_undone.strip()
    left = [Issue(severity=Severity.NON_BLOCKING, description=f"Left undone: {undone}")] if undone else []
    return [*handoff.discovered_issues, *left]
