"""Disks that fill up, or become read-only, while a mission is at work: a clear pause, and nothing lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import Going, alive, feature, milestone, resume, shell, start, until, wait_for, workers, write
from tests.process import Interpreter

_AS_ROOT = () if os.geteuid() == 0 else ("--user", "--map-root-user")
_ALONE = ("unshare", *_AS_ROOT, "--mount", "sh", "-c", 'mount -t tmpfs -o size=12m tmpfs "$0" && exec "$@"')


@dataclass(frozen=True)
class Disk:
    """A small disk of its own for mission homes, which only the processes of an interpreter have."""

    place: Path
    interpreter: Interpreter

    @property
    def seen(self) -> Path:
        """How the test finds what is on it."""
        return Path(f"/proc/{self.interpreter.pid}/root{self.place}")

    def missions(self, others: Missions) -> Missions:
        """The same, with the home on this disk."""
        name = others.home.parent.name
        (self.seen / name).mkdir()
        (self.seen / name / "prefect").symlink_to((others.home / "prefect").readlink())
        variables = {"MISSION_HOME": str(self.place / name)}
        return Missions(others.folder, others.repo, self.seen / name, variables, interpreter=self.interpreter)

    def fill(self) -> None:
        with suppress(OSError), (self.seen / "filler").open("ab", buffering=0) as stream:
            while stream.write(bytes(4096)):
                pass

    def make_room(self) -> None:
        (self.seen / "filler").unlink()

    def set_read_only(self, file: Path) -> None:
        path = str(self.place / file.relative_to(self.seen))
        self._do("mount", "--bind", path, path)
        self._do("mount", "-o", "remount,bind,ro", path)

    def set_writable(self, file: Path) -> None:
        self._do("umount", str(self.place / file.relative_to(self.seen)))

    def _do(self, *words: str) -> None:
        user = ("--user", "--preserve-credentials") if _AS_ROOT else ()
        subprocess.run(["nsenter", f"--target={self.interpreter.pid}", *user, "--mount", *words], check=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    place = tmp_path_factory.mktemp("disk")
    words = (*_ALONE, str(place))
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("no disks of one's own here")
    interpreter = Interpreter(*words)
    yield Disk(place, interpreter)
    interpreter.close()


@pytest.fixture
def begin(disk: Disk, new_missions: NewMissions) -> Callable[[Data, Path], Going]:
    """`begin(script, flag)`: a run of a mission with features `a` and `b`, when `a` waits for `flag` after a commit."""

    def make(script: Data, flag: Path) -> Going:
        blueprint = {"milestones": [milestone("one", feature("a"), feature("b"))]}
        run = start(disk.missions(new_missions()), blueprint, script, "--yes")
        until(lambda: alive(flag))
        return run

    return make


def refused(run: Going) -> str:
    """The sentence with which the run is not taken up."""
    done = run.missions("resume", run.name)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    return done.stderr.splitlines()[-1]


def is_paused(run: Going, *flags: Path) -> bool:
    return run.status()["status"] == "paused" and not any(map(alive, flags))


def passes(run: Going) -> bool:
    """Whether it is brought to its end, and nobody's work was held against him."""
    ended = resume(run) == 0 and run.leftovers() == [] and not run.events("worker_failed", "mission_failed")
    return ended and (run.file("a"), run.file("b")) == ("done", "done")


def test_a_full_disk_pauses_the_mission_until_there_is_room(
    disk: Disk, begin: Callable[[Data, Path], Going], tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    steps = [write("half"), {"commit": "Half"}, wait_for(flag), shell("head -c 100000 /dev/zero > large"), write("a")]
    script = workers(b=[write("b")])
    script["worker"]["a"] = [steps, [write("a")]]
    run = begin(script, flag)
    run.wait_for("worker_completed", featureId="b")
    disk.fill()
    flag.touch()
    assert run.end() in (1, 130)  # by whether a last line had room in the ledger
    assert is_paused(run, flag)
    disk.fill()
    home = run.missions.variables["MISSION_HOME"]
    sentence = f"MISSION_HOME {home}: no space left on device; make room, then `mission resume {run.name}`"
    assert refused(run) == sentence
    assert is_paused(run)
    disk.make_room()
    assert passes(run)
    assert sorted(run.sessions()) == ["a.1", "a.2", "b.1"]
    assert run.file("half", run.archived()["a.1"]) == "done"


def test_a_disk_that_becomes_read_only_ends_the_agents_and_pauses_the_mission(
    disk: Disk, begin: Callable[[Data, Path], Going], tmp_path: Path
) -> None:
    flag, never = tmp_path / "go", tmp_path / "never"
    script = workers(a=[wait_for(flag), write("a")], b=[wait_for(never), write("b")])
    run = begin(script, flag)
    until(lambda: alive(never))
    ledger = run.folder / "ledger.jsonl"
    disk.set_read_only(ledger)
    flag.touch()
    assert run.end() == 1
    assert is_paused(run, flag, never)
    home = run.missions.variables["MISSION_HOME"]
    sentence = f"MISSION_HOME {home}: read-only file system; make it writable, then `mission resume {run.name}`"
    assert refused(run) == sentence
    disk.set_writable(ledger)
    never.touch()
    assert passes(run)
