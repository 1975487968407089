"""A mission at work: the run's memory and the repository it works on."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from blueprints.plan import Plan
from blueprints.schema import Role
from ledger.events import Event, Kind, Ledger
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces.git import Repository


class Stop(threading.Event):
    """Set when somebody sets it, or the one above it."""

    def __init__(self, above: threading.Event) -> None:
        super().__init__()
        self._above = above

    def is_set(self) -> bool:
        return super().is_set() or self._above.is_set()


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
    blocks: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Values of the Prefect Secret blocks that the blueprint names. Never written down."""
    until: float | None = None
    """When it has to have paused, whatever its schedule says: whoever started it gave it no longer."""
    closes_at: float | None = None
    """When what is at work now has to have ended: then, or when the schedule's window closes. See `hours.py`."""
    postponed: dict[str, float] = field(default_factory=dict[str, float])
    """What was not begun because there is no time for it, and the seconds it is expected to take."""
    rests_until: float | None = None
    """When it goes on by itself, if it is to rest. This, and what is above, in seconds since the epoch."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set: end what is running now."""
    drain: threading.Event = field(default_factory=threading.Event)
    """Set: start no further feature; what is at work is brought to its end."""
    wished: str = ""
    """Why it is to stop, when it is: `pause` or `cancel`."""
    wished_by: str = ""
    killed: dict[str, str] = field(default_factory=dict[str, str])
    """Features whose agents are to end, and who said so."""
    _stops: dict[str, Stop] = field(default_factory=dict[str, Stop])

    at_work: set[str] = field(default_factory=set[str])
    """Sessions whose agents run now, or ended with the user's checkout changed."""
    _alone: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def __post_init__(self) -> None:
        self.limit(self.max_concurrency)

    def limit(self, most: int) -> None:
        """Let at most so many agents work at once; in one shared worktree only one can."""
        self.max_concurrency = most if self.plan.blueprint.use_worktrees else 1

    def wish(self, action: str, by: str, *, drain: bool = False) -> None:
        """Somebody wants the mission to stop. A cancel is never taken back by a later pause."""
        if self.wished != "cancel":
            self.wished, self.wished_by = action, by
        (self.drain if drain else self.stop).set()

    def stop_of(self, feature: str | None) -> threading.Event:
        """What ends the agents at work on this feature; the mission's own stop does, too."""
        return self._stops.setdefault(feature, Stop(self.stop)) if feature else self.stop

    def kill(self, feature: str, by: str) -> None:
        """End the agents at work on this feature, and let none start, until it is revived."""
        self.killed[feature] = by
        self.stop_of(feature).set()

    def revive(self, feature: str) -> None:
        self.killed.pop(feature, None)
        self._stops.pop(feature, None)

    def alone(self, name: str) -> threading.Lock:
        """The lock of everything that goes by this name."""
        return self._alone[name]

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
        return len(self._events_of(session_name, Kind.WORKER_STARTED))

    def failures_so_far(self, session_name: str) -> list[str]:
        """Why earlier attempts failed, in former lives of the run too."""
        failed = self._events_of(session_name, Kind.WORKER_FAILED)
        return [f"Attempt {event.data['attempt']} failed: {event.data['reason']}" for event in failed]

    def retries_asked(self, feature: str) -> int:
        """How often somebody asked for this feature anew: its work from before no longer counts."""
        return sum(e.kind is Kind.FEATURE_RETRIED and e.data["featureId"] == feature for e in self.ledger.events)

    def failures_in_this_life(self, session_name: str) -> int:
        """How many attempts at this have failed since the run was taken up last, or somebody asked for it anew."""
        events = self.ledger.events
        fresh = (Kind.MISSION_RUN_STARTED, Kind.FEATURE_RETRIED)
        began = max((n for n, event in enumerate(events) if event.kind in fresh), default=0)
        lately = {id(event) for event in events[began:]}
        return sum(id(event) in lately for event in self._events_of(session_name, Kind.WORKER_FAILED))

    def _events_of(self, session_name: str, kind: Kind) -> list[Event]:
        events = [event for event in self.ledger.events if event.kind is kind]
        return [e for e in events if e.data["workerSessionId"].rpartition(".")[0] == session_name]


def session_name(role: Role, name: str) -> str:
    """`<feature>` for workers, `<role>.<name>` for the others; an attempt adds `.<n>`."""
    return name if role is Role.WORKER else f"{role.value}.{name}"
