"""What the ledger and the run folder keep of an attempt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agents.base import AgentRun, Assignment
from agents.handoff import Handoff, Issue, Severity
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
        summary = handoff.salient_summary if handoff else ""
        self._append(
            Kind.WORKER_COMPLETED,
            key=key,
            commitId=commit,
            successState="success",
            summary=summary,
            **_ending(run),
        )

    def answered(self, run: AgentRun, summary: str) -> None:
        """An answer made no commit, and is no finished step: that is the verdict it leads to."""
        self._append(Kind.WORKER_COMPLETED, successState="success", summary=summary, **_ending(run))

    def failed(self, run: AgentRun, reason: str, status: StepStatus) -> None:
        kind = Kind.WORKER_PAUSED if status is StepStatus.STOPPED else Kind.WORKER_FAILED
        self._append(kind, reason=reason, status=status.value, **_ending(run))

    def _find(self, issue: Issue) -> None:
        about = {"about": self.assignment.feature} | issue.model_dump(mode="json", exclude_defaults=True)
        findings.record(self.mission, self.assignment.milestone, self.session, **about)

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
    return {"exitCode": run.exit_code, "seconds": round(run.seconds, 3), "usage": run.usage}


def _findings(handoff: Handoff | None) -> list[Issue]:
    if handoff is None:
        return []
    undone = handoff.what_was_left_undone.strip()
    left = [Issue(severity=Severity.NON_BLOCKING, description=f"Left undone: {undone}")] if undone else []
    return [*handoff.discovered_issues, *left]
