"""A question to a fresh agent, which looks and answers in JSON and changes nothing that counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from agents.answers import Answer
from agents.base import AgentRun, Assignment
from agents.handoff import parsed, written
from agents.session import Session, handoff_file
from ledger.files import write_file
from ledger.report import StepStatus
from workspaces.git import GitError
from workspaces.mission import Mission

A = TypeVar("A", bound=Answer)

FILE = "answer.json"
"""The answer as it was written, among the evidence."""


@dataclass(frozen=True)
class NotAnswered:
    """There is no answer that counts."""

    reason: str
    """One clause."""
    status: StepStatus = StepStatus.FAILED
    """failed: another agent may be asked. quarantined, stopped: none is."""


@dataclass(frozen=True)
class Inquiry(Generic[A]):
    """What is asked, and what makes an answer count."""

    assignment: Assignment
    """Its `attempt` is filled in anew for each agent, which is told why the answers before did not count."""
    answer: type[A]
    place: Callable[[], AbstractContextManager[Path]]
    """Makes the agent's folder, fresh for each, with room beside it."""
    timeout: float
    evidence: Path
    """Folder in which the answer is kept."""
    objection: Callable[[A, Path], str]
    """Why an answer, given in this folder, does not count, as one clause; empty when it does."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])


def inquire(mission: Mission, inquiry: Inquiry[A]) -> A | NotAnswered:
    """Ask an agent of the role, and others up to its `retries` while there is no answer that counts.

    The same question asked by two at once is asked one after the other.
    """
    name, asked = inquiry.assignment.session_name, inquiry.assignment
    failures = list(asked.failures)
    with mission.alone(name):
        for _ in range(mission.plan.agent(mission.plan.role(asked.role)).retries):
            answer = _ask(mission, inquiry, failures)
            if not isinstance(answer, NotAnswered) or answer.status is not StepStatus.FAILED:
                return answer
            failures.append(f"An earlier answer to this did not count: {answer.reason}")
        return _ask(mission, inquiry, failures)


def _ask(mission: Mission, inquiry: Inquiry[A], failures: list[str]) -> A | NotAnswered:
    if mission.stop.is_set():
        return NotAnswered("the mission was stopped", StepStatus.STOPPED)
    session = _session(mission, inquiry, failures)
    session.record.started()
    run = AgentRun.none()
    try:
        with inquiry.place() as folder:
            run, harm = session.run(folder)
            answer = _unusable(session, run, harm) or _answer(inquiry, session, folder)
    except (GitError, OSError) as error:
        # What an agent does to its folder, a full disk: this attempt's end, not the mission's.
        answer = NotAnswered(f"its workspace could not be used: {error}")
    if isinstance(answer, NotAnswered):
        session.record.failed(run, answer.reason, answer.status)
    else:
        session.record.answered(run, answer.summary)
    return answer


def _session(mission: Mission, inquiry: Inquiry[A], failures: list[str]) -> Session:
    asked = inquiry.assignment
    agent = mission.plan.role(asked.role)
    own = {"attempt": mission.runs_so_far(asked.session_name) + 1, "failures": [*failures]}
    timeout = min(inquiry.timeout, mission.plan.agent(agent).timeout)
    return Session(mission, asked.model_copy(update=own), agent, timeout, inquiry.variables)


def _unusable(session: Session, run: AgentRun, harm: list[str]) -> NotAnswered | None:
    """Why nothing that this agent says counts, whatever it says."""
    if harm:
        return NotAnswered(session.accusation(harm), StepStatus.QUARANTINED)
    if session.mission.stop.is_set():
        return NotAnswered("the mission was stopped", StepStatus.STOPPED)
    return None if run.stopped_by_itself else NotAnswered(run.reason)


def _answer(inquiry: Inquiry[A], session: Session, folder: Path) -> A | NotAnswered:
    kept = inquiry.evidence / FILE
    kept.unlink(missing_ok=True)  # an earlier agent's
    try:
        text = written(handoff_file(folder), session.secrets, called="answer")
        if text is None:
            return NotAnswered("the agent gave no answer")
        write_file(kept, text.decode(errors="replace"))
        answer = parsed(text, inquiry.answer, called="answer")
    except ValueError as error:
        return NotAnswered(str(error))
    objection = inquiry.objection(answer, folder)
    return NotAnswered(objection) if objection else answer
