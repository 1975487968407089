"""A mission at work: the run's memory and the repository it works on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from blueprints.plan import Plan
from blueprints.schema import Role
from ledger.events import Kind, Ledger
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces.git import Repository


@dataclass
class Mission:
    """Everything the work needs, passed down. One per run and process."""

    folder: RunFolder
    plan: Plan
    ledger: Ledger
    repository: Repository
    max_concurrency: int
    """Most agents at work at once; the approval may change it."""
    settings: Settings
    stop: threading.Event = field(default_factory=threading.Event)
    """Set: end what is running now."""
    drain: threading.Event = field(default_factory=threading.Event)
    """Set: start nothing more."""

    @property
    def run(self) -> str:
        return self.folder.run

    @property
    def root(self) -> Path:
        """The user's checkout. Read, never written."""
        return self.repository.root

    @property
    def branch(self) -> str:
        """Where the result appears, milestone by milestone."""
        return f"mission/{self.run}"

    @property
    def halted(self) -> bool:
        return self.stop.is_set() or self.drain.is_set()

    def work_branch(self, session: str) -> str:
        """The branch an attempt works on while it lasts."""
        return f"missions/{self.run}/{session}"

    def archive_ref(self, session: str) -> str:
        """Where an attempt's commit stays reachable for good."""
        return f"refs/missions/{self.run}/{session}"

    def runs_so_far(self, session_name: str) -> int:
        """How often an agent was started on this; attempts are numbered through all lives of the run."""
        started = (e.data["workerSessionId"] for e in self.ledger.events if e.kind is Kind.WORKER_STARTED)
        return sum(session.rpartition(".")[0] == session_name for session in started)


def session_name(role: Role, name: str) -> str:
    """`<feature>` for workers, `<role>.<name>` for the others; an attempt adds `.<n>`."""
    return name if role is Role.WORKER else f"{role.value}.{name}"
