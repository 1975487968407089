"""A piece of work: attempts until one is proved, none is left, or the mission stops."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from agents.base import AgentRun, Assignment
from agents.handoff import Handoff, read_handoff
from agents.hearing import Hearing
from agents.outcome import Judge, NotProvedError, Outcome
from agents.session import Session, handoff_file
from agents.turns import Turns
from ledger.report import StepStatus
from workspaces import git
from workspaces.durable import flush
from workspaces.hours import no_time_for_attempt
from workspaces.merge import start_conflict
from workspaces.mission import Mission
from workspaces.preparation import NotPreparedError, prepare
from workspaces.room import pause_for_room
from workspaces.workplace import workplace
from workspaces.worktree import Workspace, is_intact


@dataclass(frozen=True)
class Job:
    """What is to be done, by whom, and how it will be judged."""

    assignment: Assignment
    """Its `attempt` and `failures` are filled in anew for each attempt."""
    agent: str
    timeout: float
    retries: int
    key: str
    """Content key: work recorded under it is not done again."""
    judge: Judge
    merging: str | None = None
    """A commit whose merge the workspace is left in the middle of."""

    @property
    def name(self) -> str:
        return self.assignment.feature or self.assignment.milestone

    @property
    def session_name(self) -> str:
        return self.assignment.session_name


def carry_out(mission: Mission, job: Job) -> Outcome:
    """Do the job, unless the ledger shows that it was done; every attempt gets a fresh workspace.

    The same job asked for by two at once is done once.
    """
    with mission.alone(job.session_name):
        if recorded := mission.ledger.recorded(job.key):
            return Outcome(name=job.name, status=StepStatus.DONE, commit=recorded.data["commitId"], fresh=False)
        return _attempts(mission, job)


def _attempts(mission: Mission, job: Job) -> Outcome:
    name, turns = job.session_name, Turns(mission, job.assignment, job.agent)
    while not mission.halted and job.name not in mission.killed and (agent := turns.next()):
        if late := no_time_for_attempt(mission, name, agent):
            return Outcome(name=job.name, status=StepStatus.STOPPED, reason=late)
        outcome = _Attempt(mission, _next(mission, job, agent), turns).make()
        failed_for_good = mission.failures_in_this_life(name) > job.retries
        if outcome.status is not StepStatus.PARKED and (outcome.status is not StepStatus.FAILED or failed_for_good):
            return outcome
    if by := mission.killed.get(job.name):
        return Outcome(name=job.name, status=StepStatus.FAILED, reason=f"killed by {by}")
    return Outcome(name=job.name, status=StepStatus.STOPPED, reason="the mission stopped before this began")


def _next(mission: Mission, job: Job, agent: str) -> Job:
    """For this agent, told why the earlier attempts failed, in former lives of the run too."""
    name, own = job.session_name, mission.plan.agent(agent).timeout
    failures = [*job.assignment.failures, *mission.failures_so_far(name)]
    changes = {"attempt": mission.runs_so_far(name) + 1, "failures": failures}
    timeout = job.timeout if agent == job.agent else min(job.timeout, own)
    return replace(job, assignment=job.assignment.model_copy(update=changes), agent=agent, timeout=timeout)


@dataclass(frozen=True)
class _Attempt:
    mission: Mission
    job: Job
    turns: Turns

    @property
    def session(self) -> Session:
        return Session(self.mission, self.job.assignment, self.job.agent, self.job.timeout)

    def make(self) -> Outcome:
        """One attempt from start to finish. Its commit is archived, whatever becomes of it."""
        self.session.record.started()
        try:
            with self._workplace() as workspace:
                return self._in(workspace)
        except (git.GitError, OSError) as error:
            # What an agent does to its folder: this attempt's end, not the mission's.
            refusal = NotProvedError(f"the workspace could not be used: {error}")
            return self._refuse(AgentRun.none(), self._excused(refusal, error))

    def _in(self, workspace: Workspace) -> Outcome:
        run = AgentRun.none()
        try:
            workspace = self._prepare(workspace)
            run, harm = self.session.run(workspace.path)
            return self._prove(workspace, run, harm)
        except NotProvedError as refusal:
            refusal = self._excused(refusal)
            self._archive(workspace)
            return self._refuse(run, refusal)
        except BaseException:
            self._archive(workspace)
            raise

    def _workplace(self) -> AbstractContextManager[Workspace]:
        shared = not self.mission.plan.blueprint.use_worktrees
        branch = self.mission.work_branch(self.session.name)
        return workplace(self.mission, self.session.name, self.job.assignment.base, branch=branch, shared=shared)

    def _prepare(self, workspace: Workspace) -> Workspace:
        """Run the setup. What it leaves unignored is known from here on, and is nobody's work."""
        setup, transcript = self.mission.plan.blueprint.setup, self.mission.folder.transcript(self.session.name)
        try:
            prepare(workspace.path, setup, stop=self._stop, transcript=transcript, listener=Hearing())
        except NotPreparedError as error:
            self._require_not_stopped()
            raise NotProvedError(str(error)) from None
        if setup:
            workspace = replace(workspace, leftovers=git.leftovers(workspace.path))
        if self.job.merging:
            start_conflict(workspace, self.job.merging)
        return workspace

    def _prove(self, workspace: Workspace, run: AgentRun, harm: list[str]) -> Outcome:
        """Completed means: it stopped by itself, kept to its workspace, and git shows what was asked for."""
        if harm:
            raise NotProvedError(self.session.accusation(harm), StepStatus.QUARANTINED)
        self._require_not_stopped()
        if run.fault:
            raise NotProvedError(run.reason, self.turns.met(self.job.agent, run.fault))
        if not run.stopped_by_itself:
            raise NotProvedError(run.reason)
        if not is_intact(workspace):
            raise NotProvedError("the agent damaged its workspace: it is no longer a worktree of the repository")
        handoff = self._handoff(workspace)
        commit = self.job.judge(workspace, handoff)
        self._require_not_killed()
        self._keep(workspace, commit)
        self.session.record.completed(run, commit, handoff, self.job.key)
        return self._outcome(StepStatus.DONE, commit=commit)

    @property
    def _stop(self) -> threading.Event:
        return self.mission.stop_of(self.job.assignment.feature)

    def _require_not_stopped(self) -> None:
        if self.mission.stop.is_set():
            raise NotProvedError("the mission was stopped", StepStatus.STOPPED)
        self._require_not_killed()

    def _require_not_killed(self) -> None:
        if by := self.mission.killed.get(self.job.name):
            raise NotProvedError(f"killed by {by}")

    def _handoff(self, workspace: Workspace) -> Handoff | None:
        try:
            return read_handoff(handoff_file(workspace.path), self.session.secrets)
        except ValueError as error:
            raise NotProvedError(str(error)) from None

    def _refuse(self, run: AgentRun, refusal: NotProvedError) -> Outcome:
        self.session.record.failed(run, str(refusal), refusal.status)
        return self._outcome(refusal.status, reason=str(refusal))

    def _excused(self, refusal: NotProvedError, error: Exception | None = None) -> NotProvedError:
        """Where there is no room to work nobody has failed, and the mission stops."""
        lack = pause_for_room(self.mission, error) if refusal.status is StepStatus.FAILED else None
        return NotProvedError(str(lack), StepStatus.STOPPED) if lack else refusal

    def _archive(self, workspace: Workspace) -> None:
        """Keep what the attempt left, committed or not, where nothing removes it."""
        self.mission.ledger.permit()
        if is_intact(workspace):
            message = f"Unfinished work of {self.session.name}"
            self._keep(workspace, git.snapshot(workspace.path, message, leaving=workspace.leftovers))
        elif committed := git.resolve_branch(self.mission.root, f"{workspace.branch}"):
            self._keep(workspace, committed)

    def _keep(self, workspace: Workspace, commit: str) -> None:
        """From its branch, which ends with the attempt, to where it stays reachable; in one step of git's."""
        self.mission.ledger.permit()
        archived = git.RefChange(self.mission.archive_ref(self.session.name), commit)
        git.update_refs(self.mission.root, [archived, git.RefChange(f"refs/heads/{workspace.branch}", None)])
        flush(self.mission.root)

    def _outcome(self, status: StepStatus, *, commit: str | None = None, reason: str = "") -> Outcome:
        return Outcome(name=self.job.name, status=status, commit=commit, reason=reason)
