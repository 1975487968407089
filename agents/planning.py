"""A mission planned from a goal: an agent is asked until a whole blueprint comes of its answer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from agents.answers import PlanAnswer
from agents.base import AgentRun, Desk
from agents.commission import Commission
from agents.credentials import secrets_of
from agents.inquiry import NotAnswered, read_answer
from agents.session import desk_at, run_at
from agents.skills import missing_skills
from blueprints import json_schema
from blueprints.agents import Agent as Profile
from blueprints.assembly import assembled, loaded
from blueprints.compose import compose
from blueprints.errors import BlueprintError
from blueprints.load import Loaded
from blueprints.text import counted
from ledger.files import write_file
from ledger.report import StepStatus
from workspaces.git import GitError, Repository
from workspaces.workplace import clear
from workspaces.worktree import create

_SCHEMA = Path(json_schema.__file__).with_name("mission.schema.json")


@dataclass(frozen=True)
class Planned:
    loaded: Loaded
    """The blueprint, yet to be written where it belongs."""
    agent: str
    """Who planned it."""
    summary: str
    """What that one says of it."""


@dataclass(frozen=True)
class NotPlanned:
    reason: str
    """One clause."""
    mistakes: Sequence[str] = ()
    """Of the last blueprint, one sentence each."""
    answer: Path | None = None
    """The last blueprint that was given."""
    status: StepStatus = StepStatus.FAILED
    """failed: it may be asked for again. parked: another agent may be asked. quarantined: none is."""


def draw_up(commission: Commission) -> Planned | NotPlanned:
    """Ask the orchestrator, and again up to its `retries` while what it gives is no blueprint without a mistake.

    Each is told what was wrong before. Whom a provider refuses is replaced by its fallback, which costs no attempt.
    """
    agents, failures = commission.frame.agents, list[str]()
    left, last = commission.frame.plan.agent(agents[0]).retries, None
    for number in count(1):
        result = _Attempt(commission, agents[0], number, [*failures]).make()
        if isinstance(result, Planned):
            return result
        last = result.answer or last
        if result.status is StepStatus.PARKED and agents[1:]:
            del agents[0]
        elif result.status is StepStatus.FAILED and left:
            left -= 1
            failures.append("\n  - ".join([f"An earlier plan did not count: {result.reason}", *result.mistakes]))
        else:
            return replace(result, answer=last)
    raise AssertionError("counting never ends")


@dataclass(frozen=True)
class _Attempt:
    commission: Commission
    agent: str
    number: int
    failures: list[str] = field(default_factory=list[str])

    def make(self) -> Planned | NotPlanned:
        answer = self._ask()
        if isinstance(answer, NotAnswered):
            return NotPlanned(answer.reason, status=answer.status)
        return self._judged(answer)

    def _ask(self) -> PlanAnswer | NotAnswered:
        source, plan = self.commission.source, self.commission.frame.plan
        kept = self.commission.folder / f"answer.{self.number}.json"
        assignment = self.commission.assignment(self.agent, self.number, self.failures)
        try:
            with _checkout(source, self.commission.room) as folder:
                desk = self._desk(folder)
                run, harm = run_at(desk, assignment, self._profile, plan=plan, root=source.root)
                secrets = secrets_of(self._profile.env, desk.credential)
                answer = read_answer(folder, PlanAnswer, secrets=secrets, kept=kept)
                return _unusable(run, harm) or answer
        except (GitError, OSError) as error:
            # What an agent does to its folder, a full disk: this attempt's end.
            return NotAnswered(f"its workspace could not be used: {error}")

    def _desk(self, workspace: Path) -> Desk:
        folder, profile = self.commission.folder, self._profile
        return desk_at(
            workspace,
            profile,
            self.commission,
            prompt=folder / f"prompt.{self.number}.md",
            transcript=folder / f"transcript.{self.number}.jsonl",
            timeout=profile.timeout,
        )

    def _judged(self, answer: PlanAnswer) -> Planned | NotPlanned:
        """What the agent says of its plan counts for nothing: the whole blueprint is loaded."""
        frame, source = self.commission.frame, self.commission.source
        kept = self.commission.folder / f"blueprint.{self.number}.yaml"
        write_file(kept, answer.blueprint)
        try:
            blueprint = assembled(frame.known, frame.goal, compose(answer.blueprint, kept.name))
            whole = loaded(blueprint, str(frame.output), frame.folder, self._origin())
        except BlueprintError as error:
            return _mistaken([str(problem) for problem in error.problems], kept)
        if missing := missing_skills(whole.plan, source.root, source.base):
            return _mistaken(missing, kept)
        return Planned(whole, self.agent, answer.summary)

    def _origin(self) -> list[str]:
        source, today = self.commission.source, f"{datetime.now(UTC):%Y-%m-%d}"
        return [
            f"yaml-language-server: $schema={_SCHEMA}",
            f"The goal is as it was given to `mission plan` on {today}; the agent '{self.agent}' planned the rest,",
            f"for commit {source.base[:12]} of the branch '{source.base_branch}'. Read it, edit it, run it.",
            "Whether the checks fail before the work, as they should, `mission run` finds out.",
        ]

    @property
    def _profile(self) -> Profile:
        return self.commission.frame.plan.agent(self.agent)


@contextmanager
def _checkout(source: Repository, room: Path) -> Generator[Path]:
    """Of the base, on no branch, gone afterwards."""
    workspace = create(source.root, room / "tree", branch=None, commit=source.base)
    try:
        yield workspace.path
    finally:
        clear(workspace)


def _unusable(run: AgentRun, harm: list[str]) -> NotAnswered | None:
    """Why nothing that this agent says counts, whatever it says."""
    if harm:
        because = f"the user's checkout changed while the agent planned: {', '.join(harm)}"
        return NotAnswered(because, StepStatus.QUARANTINED)
    if run.fault:
        return NotAnswered(run.reason, StepStatus.PARKED)
    return None if run.stopped_by_itself else NotAnswered(run.reason)


def _mistaken(mistakes: list[str], answer: Path) -> NotPlanned:
    return NotPlanned(f"the blueprint has {counted(len(mistakes), 'mistake')}", mistakes, answer)
