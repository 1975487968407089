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
from agents.turns import Turns
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
    """failed: another agent may be asked. parked: that counts for nothing. quarantined, stopped: none is."""


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
    asked, usual = inquiry.assignment, mission.plan.role(inquiry.assignment.role)
    failures, turns = list(asked.failures), Turns(mission, asked, usual)
    left = mission.plan.agent(usual).retries
    with mission.alone(asked.session_name):
        while not mission.stop.is_set() and (agent := turns.next()):
            answer = _ask(mission, inquiry, failures, agent, turns)
            if not isinstance(answer, NotAnswered):
                return answer
            if answer.status is StepStatus.PARKED:
                continue
            if answer.status is not StepStatus.FAILED or not left:
                return answer
            left -= 1
            failures.append(f"An earlier answer to this did not count: {answer.reason}")
    return NotAnswered("the mission was stopped", StepStatus.STOPPED)


def _ask(mission: Mission, inquiry: Inquiry[A], failures: list[str], agent: str, turns: Turns) -> A | NotAnswered:
    session = _session(mission, inquiry, failures, agent)
    session.record.started()
    run = AgentRun.none()
    try:
        with inquiry.place() as folder:
            run, harm = session.run(folder)
            answer = _unusable(session, run, harm, turns) or _answer(inquiry, session, folder)
    except (GitError, OSError) as error:
        # What an agent does to its folder, a full disk: this attempt's end, not the mission's.
        answer = NotAnswered(f"its workspace could not be used: {error}")
    if isinstance(answer, NotAnswered):
        session.record.failed(run, answer.reason, answer.status)
    else:
        session.record.answered(run, answer.summary, answer.notes)
    return answer


def _session(mission: Mission, inquiry: Inquiry[A], failures: list[str], agent: str) -> Session:
    asked = inquiry.assignment
    own = {"attempt": mission.runs_so_far(asked.session_name) + 1, "failures": [*failures]}
    timeout = min(inquiry.timeout, mission.plan.agent(agent).timeout)
    return Session(mission, asked.model_copy(update=own), agent, timeout, inquiry.variables)


def _unusable(session: Session, run: AgentRun, harm: list[str], turns: Turns) -> NotAnswered | None:
    """Why nothing that this agent says counts, whatever it says."""
    if harm:
        return NotAnswered(session.accusation(harm), StepStatus.QUARANTINED)
    if session.mission.stop.is_set():
        return NotAnswered("the mission was stopped", StepStatus.STOPPED)
    if run.fault:
        return NotAnswered(run.reason, turns.met(session.agent, run.fault))
    return None if run.stopped_by_itself else NotAnswered(run.reason)


def _answer(inquiry: Inquiry[A], session: Session, folder: Path) -> A | NotAnswered:
    answer = read_answer(folder, inquiry.answer, secrets=session.secrets, kept=inquiry.evidence / FILE)
    if isinstance(answer, NotAnswered):
        return answer
    objection = inquiry.objection(answer, folder)
    return NotAnswered(objection) if objection else answer


def read_answer(folder: Path, model: type[A], *, secrets: Mapping[str, str], kept: Path) -> A | NotAnswered:
    """What the agent that worked in `folder` answered; as it wrote it, it is kept in the place of an earlier one's."""
    kept.unlink(missing_ok=True)
    try:
        text = written(handoff_file(folder), secrets, called="answer")
        if text is None:
            return NotAnswered("the agent gave no answer")
        write_file(kept, text.decode(errors="replace"))
        return parsed(text, model, called="answer")
    except ValueError as error:
        return NotAnswered(str(error))
