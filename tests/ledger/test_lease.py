"""One owner per run: who it is, when it is over, and what one who no longer is it may do."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blueprints.errors import MissionError
from ledger import lease
from ledger.events import Kind, Ledger
from ledger.lease import BOUND, FencedError, is_owned, owned
from ledger.owner import Owner, born, read_owner

PROJECT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from ledger.lease import owned
with owned(Path(sys.argv[1])):
    print("owned", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "demo-20250101-aaaaaa"
    folder.mkdir()
    return folder


@contextmanager
def owned_elsewhere(run: Path) -> Generator[subprocess.Popen[str]]:
    argv, pipe = [sys.executable, "-c", HOLD, str(run)], subprocess.PIPE
    with subprocess.Popen(argv, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "owned\n"
        yield owner


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


def write(run: Path, **changes: object) -> Owner:
    """What an owner that differs from this process has left."""
    owner = Owner.here().model_copy(update={"token": "other", "pid": 4711, "born": 1, **changes})
    (run / "lock").touch()
    (run / "owner.json").write_text(owner.model_dump_json())
    return owner


def set_age(run: Path, seconds: float) -> None:
    """How long ago it gave a sign of life."""
    seen = time.time() - seconds
    os.utime(run / "owner.json", (seen, seen))


def refusal(run: Path) -> str:
    with pytest.raises(MissionError) as error, owned(run):
        pass
    assert error.value.exit_code == 1
    return str(error.value)


def take(run: Path) -> Owner | None:
    with owned(run) as taken:
        return taken.former


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system on which files cannot be locked."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_an_owner_says_who_it_is_as_long_as_it_is_one(run: Path) -> None:
    with owned(run) as own:
        shown = read_owner(run / "owner.json")
        assert shown == own.owner
        assert shown
        assert (shown.pid, shown.born, shown.host) == (os.getpid(), born(os.getpid()), platform.node())
        assert own.former is None
    assert [path.name for path in run.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["/usr/bin/mission", "resume", "demo", "--token=s3cret"], "mission resume"),
        (["/src/cli/main.py", "run", "x.yaml"], "mission run"),
        (["/usr/bin/prefect", "s3cret"], "prefect"),
        (["/usr/bin/mission", "--s3cret"], "mission"),
    ],
)
def test_the_command_is_told_without_what_it_was_given(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], told: str
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert Owner.here().command == told


def test_a_second_owner_is_told_who_the_first_is_and_comes_when_that_was_killed(run: Path) -> None:
    with owned_elsewhere(run) as first:
        owner = read_owner(run / "owner.json")
        assert is_owned(run)
        who = f"process {first.pid} on {platform.node()} since "
        assert refusal(run).startswith(f"{run.name} is being worked on by {who}")
        assert refusal(run).endswith(f" (-c); see `mission status {run.name}`")
        first.kill()
        first.wait()
        assert not is_owned(run)
        assert take(run) == owner
    assert take(run) is None


def test_an_owner_of_another_machine_is_waited_for(run: Path) -> None:
    owner = write(run, host="far", machine="m", boot="b")
    set_age(run, BOUND / 2)
    assert is_owned(run)
    assert "on far since" in refusal(run)
    assert "unless it is seen again, the run can be taken in " in refusal(run)
    set_age(run, BOUND + 1)
    assert not is_owned(run)
    assert take(run) == owner


def test_an_owner_of_this_machine_before_it_was_started_anew_is_dead(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Owner.here().model_copy(update={"machine": "m"})
    monkeypatch.setattr(Owner, "here", lambda: here)
    owner = write(run, boot="former")
    assert not is_owned(run)
    assert take(run) == owner


@pytest.mark.usefixtures("no_locks")
def test_without_locks_the_process_itself_is_looked_for(run: Path) -> None:
    write(run, pid=os.getpid(), born=born(os.getpid()))
    assert is_owned(run)
    assert "is being worked on by process" in refusal(run)
    owner = write(run, pid=os.getpid(), born=1)  # the number was given to another process since
    assert not is_owned(run)
    assert take(run) == owner


def test_a_file_that_names_nobody_keeps_nobody_out(run: Path) -> None:
    (run / "owner.json").write_bytes(bytes(100))
    assert take(run) is None


def test_nothing_is_written_once_somebody_else_took_the_run_over(run: Path) -> None:
    ledger, stopped = Ledger(run / "ledger.jsonl"), threading.Event()
    with owned(run) as own:
        ledger.guard(own.check, stopped.set)
        ledger.append(Kind.MISSION_RESUMED)
        before = ledger.path.read_bytes()
        taker = write(run)
        with pytest.raises(FencedError) as error:
            ledger.append(Kind.MISSION_RESUMED)
        assert str(error.value) == f"{run.name} was taken over by {taker}; this process writes nothing more"
        assert stopped.is_set()
    assert (ledger.path.read_bytes(), len(ledger.events)) == (before, 1)
    assert read_owner(run / "owner.json") == taker


def test_a_run_whose_folder_is_gone_is_nobody_s(run: Path) -> None:
    with owned(run) as own:
        (run / "owner.json").unlink()
        with pytest.raises(FencedError, match="is nobody's"):
            own.check()


def test_an_owner_gives_signs_of_life_and_hears_of_its_end(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT", 0.01)
    lost = threading.Event()
    with owned(run) as own:
        own.when_lost(lost.set)
        set_age(run, 1000)
        until(lambda: (run / "owner.json").stat().st_mtime > time.time() - 500)
        assert not lost.is_set()
        write(run)
        assert lost.wait(60)
