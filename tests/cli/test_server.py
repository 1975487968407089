"""The embedded Prefect server, really started, once; the last test stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blueprints.errors import MissionError
from cli.embedded import running
from cli.profiles import configured_api
from tests.accepted import one_milestone
from tests.conftest import Missions


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Missions, list[str]]]:
    """What two `server start` at once say, in a home whose former server died without a word."""
    home = tmp_path_factory.mktemp("home")
    missions = Missions(home, home, home)
    (home / "prefect").mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    (home / "prefect" / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:59999", "pid": gone.pid}))
    both = [missions.start("server", "start") for _ in range(2)]
    yield missions, [process.communicate() for process in both]
    missions("server", "stop")


def servers(home: Path) -> list[int]:
    """Living Prefect servers whose folder is in `home`."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"prefect" in (process / "cmdline").read_bytes() and (process / "cwd").readlink() == home / "prefect":
                found.append(int(process.name))
        except OSError:
            continue
    return found


def until_there(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_starts_at_once_share_one_server(started: tuple[Missions, list[str]]) -> None:
    missions, said = started
    assert said[0] == said[1]
    assert said[0].startswith("Prefect at http://127.0.0.1:")
    assert len(servers(missions.home)) == 1


def test_the_record_of_a_dead_server_is_replaced(started: tuple[Missions, list[str]]) -> None:
    missions, _ = started
    server = running(missions.home)
    assert server
    assert server.url != "http://127.0.0.1:59999"
    assert httpx.get(f"{server.api}/health", trust_env=False).json() is True


def test_status_says_where_it_is(started: tuple[Missions, list[str]]) -> None:
    missions, said = started
    assert said[0].strip() in missions("server", "status").stdout
    told = json.loads(missions("server", "status", "--json").stdout)
    assert (told["running"], f"Prefect at {told['url']}\n") == (True, said[0])


def test_its_records_are_in_the_mission_home(started: tuple[Missions, list[str]]) -> None:
    assert (started[0].home / "prefect" / "prefect.db").exists()


def test_it_comes_back_at_the_same_address(started: tuple[Missions, list[str]]) -> None:
    """Bookmarks and workers know it."""
    missions, said = started
    assert missions("server", "stop").stdout == "stopped\n"
    assert missions("server", "start").stdout == said[0]


def test_it_moves_when_somebody_else_is_at_its_address(started: tuple[Missions, list[str]]) -> None:
    missions, said = started
    missions("server", "stop")
    with socket.create_server(("127.0.0.1", int(said[0].rpartition(":")[2]))):
        assert missions("server", "start").stdout != said[0]
        assert missions("server", "status").returncode == 0


def test_it_stops_and_can_be_stopped_again(started: tuple[Missions, list[str]]) -> None:
    missions, _ = started
    assert missions("server", "stop").stdout == "stopped\n"
    assert servers(missions.home) == []
    assert missions("server", "stop").stdout == "the embedded server is not running\n"


def test_no_server_runs_in_a_fresh_home(tmp_path: Path) -> None:
    missions = Missions(tmp_path, tmp_path, tmp_path)
    done = missions("server", "status")
    assert (done.returncode, done.stdout) == (1, "the embedded server is not running\n")
    assert json.loads(missions("server", "status", "--json").stdout) == {"running": False, "url": None}


def test_another_process_under_its_number_is_not_the_server(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    record = {"url": "http://127.0.0.1:59999", "pid": os.getpid()}
    (tmp_path / "prefect" / "server.json").write_text(json.dumps(record))
    assert running(tmp_path) is None
    assert Missions(tmp_path, tmp_path, tmp_path)("server", "stop").returncode == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_record_that_is_none_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "server.json").write_text(text)
    assert running(tmp_path) is None


def test_a_run_that_is_interrupted_before_it_starts_is_paused(tmp_path: Path, repo: Path) -> None:
    """The long moment in which it happens is the start of the embedded server; that one can be stopped."""
    (tmp_path / "blueprint").mkdir()
    missions = Missions(tmp_path / "blueprint", repo, tmp_path / "home")
    with missions.start("run", missions.blueprint(one_milestone()), "--repo", repo) as process:
        until_there(missions.home / "prefect" / "server.json")
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert json.loads(missions("status", "--json").stdout)["status"] == "paused"
    missions("server", "stop")
    assert servers(missions.home) == []


@pytest.fixture
def prefect_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


PROFILES = """\
active = "work"
[profiles.work]
PREFECT_API_URL = "http://work.invalid/api"
[profiles.home]
PREFECT_API_URL = "http://home.invalid/api"
[profiles.plain]
"""


def test_nothing_is_configured_by_default(prefect_home: Path) -> None:
    assert configured_api() is None


def test_the_active_profile_is_used(prefect_home: Path) -> None:
    (prefect_home / "profiles.toml").write_text(PROFILES)
    assert configured_api() == "http://work.invalid/api"


def test_a_named_profile_is_used(prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (prefect_home / "profiles.toml").write_text(PROFILES)
    monkeypatch.setenv("PREFECT_PROFILE", "home")
    assert configured_api() == "http://home.invalid/api"


def test_a_profile_without_an_address_configures_nothing(prefect_home: Path) -> None:
    (prefect_home / "profiles.toml").write_text(PROFILES.replace('"work"', '"plain"', 1))
    assert configured_api() is None


def test_a_profile_that_comes_with_prefect_is_used(prefect_home: Path) -> None:
    """`prefect profile use local` writes only its name."""
    (prefect_home / "profiles.toml").write_text('active = "local"\n\n[profiles]\n')
    assert configured_api() == "http://127.0.0.1:4200/api"


def test_a_profile_that_comes_with_prefect_can_be_named(prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_PROFILE", "local")
    assert configured_api() == "http://127.0.0.1:4200/api"


def test_the_variable_goes_before_the_profile(prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (prefect_home / "profiles.toml").write_text(PROFILES)
    monkeypatch.setenv("PREFECT_API_URL", "http://other.invalid/api")
    assert configured_api() == "http://other.invalid/api"


def test_profiles_that_cannot_be_read_are_said(prefect_home: Path) -> None:
    (prefect_home / "profiles.toml").write_text("active = ")
    with pytest.raises(MissionError, match=r"profiles\.toml: not Prefect's profiles"):
        configured_api()
