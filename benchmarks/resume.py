"""How a large mission comes back after a crash.

`python -m benchmarks.resume [--features 500]` runs a mission of instant features in milestones of 40, kills it with
SIGKILL when half of them are completed, which is within a milestone, resumes it, and prints: seconds from
`mission resume` to the first agent that is started anew, finished features that were worked on again (0), processes
of the run that are left (0), features that are in the result, and seconds of the whole second life.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from benchmarks.overhead import Bench
from ledger.events import Event, Kind, read_events

_PER_MILESTONE = 40
_CONCURRENCY = 4
_LOOK = 0.05
"""Seconds between looks at the ledger."""


@dataclass(frozen=True)
class Resumed:
    """The two lives of a run."""

    before: list[Event]
    """What the first life has left in the ledger."""
    after: list[Event]
    """What the second added."""
    began: float
    """When `mission resume` was called, in seconds since the epoch."""
    ended: float
    strays: int
    delivered: int
    """Features whose file is in the result."""

    @property
    def first_work(self) -> float:
        """Seconds to the first agent of the second life."""
        return next(e.at.timestamp() for e in self.after if e.kind is Kind.WORKER_STARTED) - self.began

    @property
    def repeated(self) -> int:
        """Features that were completed in the first life and worked on in the second."""
        return len(_features(self.before, Kind.WORKER_COMPLETED) & _features(self.after, Kind.WORKER_STARTED))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=500)
    count: int = parser.parse_args().features
    with tempfile.TemporaryDirectory(prefix="missions-bench-") as folder:
        bench = _Crash(Path(folder))
        try:
            print(_told(count, bench.crash_and_resume(count)))
        finally:
            bench.mission("server", "stop")


def _told(count: int, run: Resumed) -> str:
    done = len(_features(run.before, Kind.WORKER_COMPLETED))
    return (
        f"{count} features, killed after {done}: first new work after {run.first_work:.1f} s, repeated work "
        f"{run.repeated}, strays {run.strays}, delivered {run.delivered} of {count}, finished after "
        f"{run.ended - run.began:.0f} s"
    )


class _Crash(Bench):
    """The same small repository; the mission's first process is killed."""

    def crash_and_resume(self, count: int) -> Resumed:
        blueprint = self.folder / "resume.yaml"
        blueprint.write_text(_blueprint(count))
        run = self._killed(blueprint, count // 2)
        ledger = self.folder / "home" / "runs" / run / "ledger.jsonl"
        before, began = read_events(ledger), time.time()
        self.mission("resume", run)
        ended = time.time()
        after = read_events(ledger)[len(before) :]
        return Resumed(before, after, began, ended, _strays(run), self._delivered(run))

    def _killed(self, blueprint: Path, after: int) -> str:
        """The run's name, when so many features were completed and its process is dead."""
        argv = self._command("run", str(blueprint), "--repo", str(self.repository), "--yes")
        with subprocess.Popen(argv, env=self._environment(), stdout=subprocess.DEVNULL) as process:
            while (completed := self._completed()) < after:
                if process.poll() is not None:
                    sys.exit(f"the mission ended with {completed} features, before it could be killed")
                time.sleep(_LOOK)
            process.kill()
        [ledger] = self._ledgers()
        return ledger.parent.name

    def _completed(self) -> int:
        return sum(path.read_bytes().count(b'"type":"worker_completed"') for path in self._ledgers())

    def _ledgers(self) -> list[Path]:
        return [*(self.folder / "home" / "runs").glob("*/ledger.jsonl")]

    def _delivered(self, run: str) -> int:
        words = ["git", "-C", str(self.repository), "ls-tree", "-r", "--name-only", f"mission/{run}", "made"]
        return len(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())


def _features(events: Sequence[Event], kind: Kind) -> set[str]:
    return {event.data["featureId"] for event in events if event.kind is kind}


def _strays(run: str) -> int:
    return sum(run in " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))


def _blueprint(count: int) -> str:
    ids = [f"f{number}" for number in range(count)]
    groups = [ids[start : start + _PER_MILESTONE] for start in range(0, count, _PER_MILESTONE)]
    shape: dict[str, object] = {"spec": "Write a file.", "fulfills": [], "because": "It is counted at the end."}
    write = 'mkdir -p made && echo "$MISSION_FEATURE" > "made/$MISSION_FEATURE"'
    return yaml.safe_dump(
        {
            "mission": "resume",
            "goal": "Measure how a mission comes back.",
            "maxConcurrency": _CONCURRENCY,
            "maxMilestones": 100,
            "maxFeaturesPerMilestone": _PER_MILESTONE,
            "agents": {"instant": {"kind": "command", "argv": ["sh", "-c", write]}},
            "validators": [{"kind": "command", "run": "test -d made"}],
            "milestones": [
                {"name": f"m{n}", "features": [{"id": i} | shape for i in group]} for n, group in enumerate(groups, 1)
            ],
        }
    )


if __name__ == "__main__":
    main()
