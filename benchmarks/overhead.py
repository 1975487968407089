"""What a mission costs beyond its agents.

`python -m benchmarks.overhead [--quick]` runs missions of instant features through the `command` agent (each
writes one file), in milestones of 50, and prints a table: milliseconds per feature from the first milestone's
start to the mission's end (worktree, commit, merge, validation, seal and Prefect included, the agents' own time
divided by the concurrency left out), bytes of state per feature, peak memory of the orchestrator. Then the
efficiency of 64 features of one second: agent time over (concurrency x time from the first agent's start to the
last one's end). Each row is the median of several runs.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from ledger.events import Event, Kind, read_events

_PER_MILESTONE = 50


@dataclass(frozen=True)
class Measured:
    """One run: its ledger, its orchestrator's peak memory in bytes, and when its process was started."""

    folder: Path
    events: list[Event]
    peak: int
    started: float

    def at(self, kind: Kind) -> datetime:
        return next(event.at for event in self.events if event.kind is kind)

    def agent_seconds(self) -> float:
        return math.fsum(event.data["seconds"] for event in self.events if event.kind is Kind.WORKER_COMPLETED)

    def cold_start(self) -> float:
        """Seconds from the command to the first agent."""
        return self.at(Kind.WORKER_STARTED).timestamp() - self.started

    def milliseconds_per_feature(self, count: int, concurrency: int) -> float:
        seconds = (self.at(Kind.MISSION_COMPLETED) - self.at(Kind.MILESTONE_STARTED)).total_seconds()
        return 1000 * (seconds - self.agent_seconds() / concurrency) / count

    def bytes_per_feature(self, count: int) -> float:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) / count

    def efficiency(self, concurrency: int) -> float:
        ends = [event.at for event in self.events if event.kind is Kind.WORKER_COMPLETED]
        seconds = (max(ends) - self.at(Kind.WORKER_STARTED)).total_seconds()
        return self.agent_seconds() / (concurrency * seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small run of each kind")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else arguments.runs
    with tempfile.TemporaryDirectory(prefix="missions-bench-") as folder:
        bench = Bench(Path(folder))
        try:
            print(f"fresh home to first agent: {bench.run(2, 1, 'instant').cold_start():.1f} s")
            print(f"running server to first agent: {bench.run(2, 1, 'instant').cold_start():.1f} s")
            _overhead(bench, [10, 100] if arguments.quick else [10, 100, 500], runs)
            _efficiency(bench, runs)
        finally:
            bench.mission("server", "stop")


def _overhead(bench: Bench, counts: Iterable[int], runs: int) -> None:
    print("\n| features | concurrency | ms per feature | bytes per feature | peak MB |\n|---|---|---|---|---|")
    for count in counts:
        for concurrency in (1, 4, 16):
            measured = [bench.run(count, concurrency, "instant") for _ in range(runs)]
            cost = statistics.median(m.milliseconds_per_feature(count, concurrency) for m in measured)
            size = statistics.median(m.bytes_per_feature(count) for m in measured)
            peak = statistics.median(m.peak for m in measured) / 1e6
            print(f"| {count} | {concurrency} | {cost:.0f} | {size:.0f} | {peak:.0f} |", flush=True)


def _efficiency(bench: Bench, runs: int) -> None:
    print("\n| 64 x 1 s at concurrency | efficiency |\n|---|---|")
    for concurrency in (4, 16, 32):
        measured = [bench.run(64, concurrency, "second", per_milestone=64) for _ in range(runs)]
        share = statistics.median(m.efficiency(concurrency) for m in measured)
        print(f"| {concurrency} | {share:.0%} |", flush=True)


# A file per place in a milestone, so that the repository does not grow with the mission.
_WRITE = 'echo "$MISSION_FEATURE" > "f$(( ${MISSION_FEATURE#f} % 50 )).txt"'
_PROGRAMS = {"instant": _WRITE, "second": 'echo done > "$MISSION_FEATURE.txt"; sleep 1'}


class Bench:
    """A mission home and a small repository of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.repository.mkdir()
        for number in range(20):
            (self.repository / f"file{number}.txt").write_text(f"{number}\n")
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("add", "-A")
        self._git("-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "--quiet", "-m", "Start")

    def run(self, count: int, concurrency: int, program: str, *, per_milestone: int = _PER_MILESTONE) -> Measured:
        blueprint = self.folder / "bench.yaml"
        blueprint.write_text(_blueprint(count, concurrency, _PROGRAMS[program], per_milestone))
        started = time.time()
        process = subprocess.Popen(
            self._command("run", str(blueprint), "--repo", str(self.repository), "--yes"),
            env=self._environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"the mission did not pass:\n{output}")
        folder = self.folder / "home" / "runs" / output.split(maxsplit=2)[1]
        return Measured(folder, read_events(folder / "ledger.jsonl"), usage.ru_maxrss * 1024, started)

    def mission(self, *words: str) -> None:
        subprocess.run(self._command(*words), env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "cli.main", *words]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"MISSION_HOME": str(self.folder / "home")}

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.repository), *words], check=True)


def _blueprint(count: int, concurrency: int, program: str, per_milestone: int) -> str:
    ids = [f"f{number}" for number in range(count)]
    groups = [ids[start : start + per_milestone] for start in range(0, count, per_milestone)]
    return yaml.safe_dump(
        {
            "mission": "bench",
            "goal": "Measure what a mission costs.",
            "maxConcurrency": concurrency,
            "maxMilestones": 100,
            "maxFeaturesPerMilestone": per_milestone,
            "agents": {"instant": {"kind": "command", "argv": ["sh", "-c", program]}},
            "validators": [{"kind": "command", "run": "test -f f0.txt"}],
            "milestones": [
                {
                    "name": f"m{n}",
                    "features": [
                        {"id": i, "spec": "Write a file.", "fulfills": [], "because": "Its file is enough."}
                        for i in group
                    ],
                }
                for n, group in enumerate(groups, 1)
            ],
        }
    )


if __name__ == "__main__":
    main()
