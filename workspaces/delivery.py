"""How a run's state leaves this machine: pushed to a remote as the run goes on, or written to a bundle at its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.folder import RunFolder
from ledger.report import MissionReport, RunStatus
from workspaces import bundle
from workspaces.git import RefChange, resolve
from workspaces.remote import push
from workspaces.state import base_of, branch_ref, ended_ref, record, state_ref


class Delivery(Protocol):
    """Where the state goes."""

    def midway(self, report: MissionReport) -> None:
        """The run goes on, and could be lost from here."""
        ...

    def at_end(self, report: MissionReport) -> str:
        """This life of the run is over; where its state is now, in one sentence. Raises MissionError when it is not."""
        ...


@dataclass
class Pushed:
    """To a remote, at each step from where we left it: who finds it elsewhere has lost the run, and says so."""

    repo: Path
    folder: RunFolder
    remote: str
    blueprint: str
    """Path of the blueprint in the repository, or nothing."""
    known: str | None
    """The state on the remote; None: there is none yet."""

    def midway(self, report: MissionReport) -> None:
        commit = record(self.repo, self.folder, follows=self.known, blueprint=self.blueprint)
        push(self.repo, self.remote, moves(report, commit, self.known))
        self.known = commit

    def at_end(self, report: MissionReport) -> str:
        self.midway(report)
        where = ended_ref(report.run) if report.status.over else state_ref(report.run)
        return f"the state is {where} on '{self.remote}'"


@dataclass(frozen=True)
class Bundled:
    """To a file: another job, which may push, looks at it first."""

    repo: Path
    folder: RunFolder
    file: Path
    blueprint: str
    follows: str | None

    def midway(self, report: MissionReport) -> None:
        """Nothing to do: the file is for the next job."""

    def at_end(self, report: MissionReport) -> str:
        commit = record(self.repo, self.folder, follows=self.follows, blueprint=self.blueprint)
        refs = {state_ref(report.run): commit}
        if tip := resolve(self.repo, branch_ref(report.run)):
            refs[branch_ref(report.run)] = tip
        bundle.write(self.repo, self.file, refs, without=base_of(self.folder))
        return f"the state is in {self.file}; `mission publish` looks at it and pushes it"


def moves(report: MissionReport, state: str, known: str | None, *, branch: str | None = None) -> list[RefChange]:
    """What a push of this state changes on the remote; a result goes along, on a branch that is new there."""
    run, before = report.run, known or ""
    if not report.status.over:
        return [RefChange(state_ref(run), state, before)]
    changes = [RefChange(ended_ref(run), state, "")]
    if known:
        changes.append(RefChange(state_ref(run), None, before))
    if report.status is RunStatus.PASSED:
        changes.append(RefChange(branch or branch_ref(run), report.commit, ""))
    return changes
