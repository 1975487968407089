"""What must hold of a run that was disturbed and has been finished, counted rather than believed."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from ledger.events import read_events
from tests.conftest import Data
from tests.crash.scene import Killed, Undisturbed, tree
from tests.flows.stage import LONG, Run, git, until
from workspaces.worktree import LOCK

_ENDS = ("worker_completed", "worker_failed", "worker_paused")
_ONCE = ("mission_accepted", "plan_approved", "mission_completed")


@dataclass(frozen=True)
class Counted:
    """One disturbed run in numbers, for the line at the end."""

    equal: bool
    """Whether it delivers the undisturbed run's tree."""
    repeated: int
    """Finished steps that were done once more."""
    strays: int
    """Processes of the run that are there after its end."""
    seconds: float | None
    """From the start of `mission resume` to the next start of an agent.

    None when none was left to start, or a person was asked first.
    """

    def plain(self) -> Data:
        return asdict(self)


def resumed(run: Killed, undisturbed: Undisturbed) -> Counted:
    """Go on with `mission resume` until the run has ended, and count."""
    began = time.time()
    process = run.missions.start("resume", run.name)
    approved = any(event["type"] == "plan_approved" for event in run.left)
    if not approved:
        until(lambda: run.events("plan_proposed"))
        assert run.missions("approve", run.name).returncode == 0
    said = process.communicate(timeout=LONG)
    assert process.wait() == 0, said
    new = run.events()[len(run.left) :] if approved else []
    return Counted(
        equal=tree(run) == undisturbed.tree,
        repeated=len(repeated_steps(run)),
        strays=len(strays(run)),
        seconds=next((_at(e) - began for e in new if e["type"] == "worker_started"), None),
    )


def _at(event: Data) -> float:
    return datetime.fromisoformat(event["timestamp"]).timestamp()


def faults(run: Killed, undisturbed: Undisturbed) -> dict[str, object]:
    """What was lost, repeated or left behind; nothing, when all is well."""
    found: dict[str, object] = {
        "another tree": tree(run) if tree(run) != undisturbed.tree else "",
        "status": status if (status := run.status()["status"]) != "passed" else "",
        "stale report": "" if _report_says_passed(run) else "report.json",
        "repeated steps": repeated_steps(run),
        "agents too many": _too_many_agents(run, undisturbed),
        "unarchived commits": unarchived(run),
        "strays": strays(run),
        "leftovers": run.leftovers(),
        "held": _held(run),
        "broken lines": len(run.events()) - len(read_events(run.folder / "ledger.jsonl")),
    }
    return {name: value for name, value in found.items() if value}


def _report_says_passed(run: Run) -> bool:
    return (run.folder / "report.json").exists() and run.report()["status"] == "passed"


def _too_many_agents(run: Killed, undisturbed: Undisturbed) -> list[str]:
    """All starts of agents, when they are more than the undisturbed run's and those in flight at the kill; or less."""
    most = undisturbed.sessions + len(in_flight(run.left))
    return [] if undisturbed.sessions <= len(run.sessions()) <= most else run.sessions()


def in_flight(events: Iterable[Data]) -> set[str]:
    """Sessions of agents that were started, and of whose end nothing is known."""
    open_ones = set[str]()
    for event in events:
        if event["type"] == "worker_started":
            open_ones.add(event["workerSessionId"])
        elif event["type"] in _ENDS:
            open_ones.discard(event["workerSessionId"])
    return open_ones


def repeated_steps(run: Run) -> list[str]:
    """What was done again after the ledger had said that it is finished."""
    finished: dict[str, Data] = {}
    repeated = list[str]()
    for event in run.events():
        if event["type"] == "worker_started" and _work(event) in finished:
            repeated.append(_work(event))
        for name in _finished_by(event):
            if name in finished and not _told_again(finished[name], event):
                repeated.append(name)
            finished[name] = event
    return repeated


def _finished_by(event: Data) -> set[str]:
    names = {f"{event['type']} {event['key']}"} if "key" in event else set[str]()
    if event["type"] == "worker_completed":
        names.add(_work(event))
    if event["type"] == "milestone_sealed":
        names.add(f"seal of {event['milestone']}")
    return names | ({event["type"]} if event["type"] in _ONCE else set[str]())


def _told_again(before: Data, event: Data) -> bool:
    """A verdict that is known is recorded for each further round, down to the seconds it took: that is no work."""
    own = ("timestamp", "previous", "round")
    same = ({name: value for name, value in e.items() if name not in own} for e in (before, event))
    return event["type"] == "verdict_recorded" and next(same) == next(same)


def _work(event: Data) -> str:
    return f"work on {event['workerSessionId'].rpartition('.')[0]}"


def unarchived(run: Run) -> dict[str, str]:
    """Sessions whose commit is in the ledger and not where it stays reachable."""
    archived = run.archived()
    made = {event["workerSessionId"]: event["commitId"] for event in run.events("worker_completed")}
    return {session: commit for session, commit in made.items() if archived.get(session) != commit}


def strays(run: Run) -> list[str]:
    """Processes with the run's folders among their words, or that were told to work on it."""
    places = [str(run.folder), str(run.missions.home / "worktrees" / run.name)]
    return [str(process.info["pid"]) for process in psutil.process_iter(["pid"]) if _works_on(process, run, places)]


def _works_on(process: psutil.Process, run: Run, places: list[str]) -> bool:
    words = " ".join(_words(process))
    return any(place in words for place in places) or _environment(process).get("MISSION_RUN") == run.name


def agents_of(run: Run, feature: str) -> list[psutil.Process]:
    """The processes, started by an agent or itself one, that are at work on this feature now."""
    wanted = {"MISSION_RUN": run.name, "MISSION_FEATURE": feature}
    return [process for process in psutil.process_iter() if wanted.items() <= _environment(process).items()]


def _words(process: psutil.Process) -> list[str]:
    """None of a process that has just ended, or is somebody else's."""
    with suppress(psutil.Error, OSError):
        return process.cmdline()
    return []


def _environment(process: psutil.Process) -> dict[str, str]:
    with suppress(psutil.Error, OSError):
        return process.environ()
    return {}


def _held(run: Run) -> list[str]:
    """Locks and leases that somebody holds, or has left. Git's locks are held by being there."""
    git_folder = run.repo / git(run.repo, "rev-parse", "--git-dir")
    git_locks = [path for path in git_folder.rglob("*.lock") if path.name != LOCK]
    flocks = [path for path in (git_folder / LOCK, run.folder / "lock") if path.exists() and _locked(path)]
    return [str(path) for path in (*git_locks, *flocks, *run.folder.glob("owner.json"))]


def _locked(path: Path) -> bool:
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
