"""The mission that is killed everywhere: two milestones, features side by side, a conflict, a finding and a repair."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Data, Missions
from tests.flows.stage import LONG, Run, Steps, check, feature, git, milestone, shell, wait_for, workers, write

LINES = 54
"""Lines of the undisturbed run's ledger; before and after each of them there is a kill point."""

HELD = "other"
"""The feature, of the second milestone, that can be held while its agent is at work."""

_BLUEPRINT: Data = {
    "maxConcurrency": 2,
    "reruns": 0,
    "agents": {"player": {"kind": "scripted", "script": "script.yaml", "retries": 1}},
    "contract": {"VAL-A-001": {"says": "All of it is there.", "check": check("grep -q whole half.txt")}},
    "milestones": [
        milestone("one", feature("left"), feature("right"), feature("after", "left")),
        milestone("two", feature("half", fulfills=["VAL-A-001"]), feature(HELD)),
    ],
}
_ISSUE = {"finding": {"severity": "non_blocking", "description": "The door squeaks."}}
_FILES = {"after.txt", "half.txt", "other.txt", "shared.txt"}


@dataclass(frozen=True)
class Undisturbed:
    """What every disturbed run is compared with."""

    lines: int
    tree: str
    sessions: int
    """Starts of agents."""


@dataclass(frozen=True)
class Killed(Run):
    """A run whose first life is over, with its ledger as that life left it."""

    code: int
    left: list[Data] = field(repr=False)


def blueprint(missions: Missions, *, held_by: Path | None = None) -> Path:
    """With `held_by`, the first agent at work on the feature `HELD` waits until that file is there."""
    return missions.blueprint(json.loads(json.dumps(_BLUEPRINT)), _script(held_by))


def _script(held_by: Path | None) -> Data:
    other = [shell("test -f after.txt"), write("other.txt"), _ISSUE]
    script = workers(
        left=[write("shared.txt", "left\n")],
        right=[write("shared.txt", "right\n"), {"commit": "Right"}],
        after=[shell("grep -q left shared.txt"), write("after.txt")],
        half=[write("half.txt", "half\n")],
    )
    first: Steps = [wait_for(held_by), *other] if held_by else other
    script["worker"][HELD] = [first, other]
    both = "printf 'left\\nright\\n' > shared.txt"
    return script | {
        "integrator": {"right": [[shell(both)]]},
        "repairer": {"two": [[write("half.txt", "whole\n")]]},
    }


def undisturbed(missions: Missions) -> Undisturbed:
    process = missions.start("run", blueprint(missions), "--repo", missions.repo, "--yes")
    said = process.communicate(timeout=LONG)
    assert process.wait() == 0, said
    run = Run(missions, said.split()[1])
    assert set(git(run.repo, "ls-tree", "--name-only", run.branch).split()) >= _FILES
    return Undisturbed(len(run.events()), tree(run), len(run.sessions()))


def kill(missions: Missions, point: str) -> Killed:
    """A run that kills itself at this point, such as `before:17` or `after:milestone_sealed`."""
    missions.variables["MISSION_TEST_KILL"] = point
    try:
        process = missions.start("run", blueprint(missions), "--repo", missions.repo, "--yes")
        process.communicate(timeout=LONG)
    finally:
        del missions.variables["MISSION_TEST_KILL"]
    return ended(Run(missions, missions.runs()[0]), process.wait())


def ended(run: Run, code: int) -> Killed:
    """The run, whose life has just ended with this exit code."""
    there = (run.folder / "ledger.jsonl").exists()
    return Killed(run.missions, run.name, code, run.events() if there else [])


def tree(run: Run) -> str:
    """The hash of all that the run delivers."""
    return git(run.repo, "rev-parse", f"{run.branch}^{{tree}}")
