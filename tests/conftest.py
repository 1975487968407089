"""By default nothing real is in reach: an empty home, no configuration of git, no network but loopback.

And what most tests begin with: a repository, and a mission to run on it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.process import Interpreter, Process, interpreter
from workspaces.process import environment

_LOOPBACK = ("127.", "::1", "localhost")
_LONGEST_FIRST = ("deployments", "flows", "crash", "cli", "zoo")
"""Folders whose files begin before all others: whole missions, which would be waited for at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)


@pytest.fixture(autouse=True, scope="session")
def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    caches = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "PREFECT_", "MISSION_", "XDG_"))]:
            patch.delenv(name)
        for name, value in {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", **caches}.items():
            patch.setenv(name, value)
        patch.setenv("MISSION_HOME", str(home / "missions"))
        yield home


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test connects to {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def _interpreter(_empty_home: Path) -> Iterator[None]:
    yield
    interpreter.close()


Files = Mapping[str, str | bytes | None]


@pytest.fixture
def owner() -> Callable[..., str]:
    """`owner(repo, "log", …)`: git as the owner of the repository runs it."""
    return _git


@pytest.fixture
def commit() -> Callable[..., str]:
    """`commit(repo, files, on=sha)`: writes (None deletes), commits, and returns the commit.

    With `on` the commit is made on top of that one, and the checkout goes back to `main`.
    """
    return _commit


@pytest.fixture
def new_repo(tmp_path: Path) -> Callable[..., Path]:
    """`new_repo(name, files)`: a repository with one commit on `main`."""

    def make(name: str = "repo", files: Files | None = None) -> Path:
        root = tmp_path / name
        root.mkdir()
        _git(root, "init", "-q", "-b", "main")
        _git(root, "config", "user.name", "Owner")
        _git(root, "config", "user.email", "owner@localhost")
        _commit(root, {"a.txt": "one\n", "b/c.txt": "two\n"} if files is None else files)
        return root

    return make


@pytest.fixture
def repo(new_repo: Callable[..., Path]) -> Path:
    return new_repo()


def _git(repo: Path, *words: str) -> str:
    argv = ["git", "-C", str(repo), *words]
    return subprocess.run(argv, env=environment(), check=True, capture_output=True, text=True).stdout.strip()


def _commit(repo: Path, files: Files, *, on: str | None = None) -> str:
    if on:
        _git(repo, "checkout", "-q", "--detach", on)
    for name, content in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _git(repo, "add", "-A")
    _git(repo, "commit", "-q", "--allow-empty", "-m", "change")
    made = _git(repo, "rev-parse", "HEAD")
    if on:
        _git(repo, "checkout", "-q", "main")
    return made


Data = dict[str, Any]


@dataclass
class Missions:
    """The `mission` command as a user runs it, in a process of its own, and files to run it on."""

    folder: Path
    repo: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict[str, str])
    fresh: bool = False
    """Whether each command starts Python anew instead of being forked; that takes seconds."""
    interpreter: Interpreter = interpreter

    def blueprint(self, blueprint: Data, script: Data | None = None) -> Path:
        """Write `mission.yaml` and the scripted agent's `script.yaml`; what `blueprint` leaves out is filled in."""
        (self.folder / "script.yaml").write_text(yaml.safe_dump(script or {}))
        defaults: Data = {
            "mission": "demo",
            "goal": "Try it.",
            "agents": {"player": {"kind": "scripted", "script": "script.yaml", "retries": 0}},
            "validators": [{"kind": "command", "run": "test -d ."}],
        }
        whole = defaults | blueprint
        for feature in (feature for milestone in whole["milestones"] for feature in milestone["features"]):
            if "fulfills" not in feature:
                feature |= {"fulfills": [], "because": "A check of the milestone is enough."}
        path = self.folder / "mission.yaml"
        path.write_text(yaml.safe_dump(whole, sort_keys=False))
        return path

    def __call__(self, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`mission WORDS…`, to its end."""
        return self.interpreter.run([*map(str, words)], self._env(), stdin=stdin, fresh=self.fresh)

    def start(self, *words: str | Path) -> Process:
        """`mission WORDS…`, going on while the test does other things."""
        return self.interpreter.start([*map(str, words)], self._env(), fresh=self.fresh)

    def run(self, blueprint: Data, script: Data | None = None, *words: str) -> tuple[int, Data]:
        """`mission run --yes` on the repository: the exit code and the report."""
        path = self.blueprint(blueprint, script)
        done = self("run", path, "--repo", self.repo, "--yes", "--json", *words)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def runs(self) -> list[str]:
        return sorted(path.name for path in (self.home / "runs").iterdir()) if (self.home / "runs").exists() else []

    def _env(self) -> dict[str, str]:
        return os.environ | {"MISSION_HOME": str(self.home)} | self.variables


@pytest.fixture(scope="session")
def mission_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mission home whose embedded server, once something has started it, serves the whole session.

    With several workers it serves them all, and whoever uses it last stops it.
    """
    home = _shared_by_workers(tmp_path_factory) / "mission-home"
    home.mkdir(exist_ok=True)
    with (home / "in-use").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield home
        fcntl.flock(stream, fcntl.LOCK_UN)
        with suppress(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop = [sys.executable, "-m", "cli.main", "server", "stop"]
            subprocess.run(stop, env=os.environ | {"MISSION_HOME": str(home)}, check=True, capture_output=True)


def _shared_by_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture
def missions(tmp_path: Path, repo: Path, mission_home: Path) -> Missions:
    """Missions of one test: a home of its own, but the session's Prefect server."""
    folder = tmp_path / "blueprint"
    folder.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "prefect").symlink_to(_prefect_folder(mission_home))
    return Missions(folder, repo, home)


def _prefect_folder(home: Path) -> Path:
    folder = home / "prefect"
    folder.mkdir(exist_ok=True)
    return folder
