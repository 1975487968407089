"""Missions for a whole module: a run takes seconds, and one run can show many things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.flows.stage import (
    Ended,
    Going,
    check,
    feature,
    git,
    milestone,
    play,
    shell,
    start,
    touch,
    wait_for,
    workers,
    write,
)

NewMissions = Callable[..., Missions]


@pytest.fixture(scope="session")
def new_missions(tmp_path_factory: pytest.TempPathFactory, mission_home: Path) -> NewMissions:
    """`new_missions(files)`: a repository of these files and a home of its own, with the session's Prefect server."""

    def make(files: Mapping[str, str] | None = None) -> Missions:
        top = tmp_path_factory.mktemp("mission")
        folders = {name: top / name for name in ("blueprint", "repo", "home")}
        for folder in folders.values():
            folder.mkdir()
        (mission_home / "prefect").mkdir(exist_ok=True)
        (folders["home"] / "prefect").symlink_to(mission_home / "prefect")
        _commit_files(folders["repo"], {"a.txt": "one\n", "shared.txt": "shared\n"} if files is None else files)
        return Missions(folders["blueprint"], folders["repo"], folders["home"])

    return make


def _commit_files(repo: Path, files: Mapping[str, str]) -> None:
    git(repo, "init", "-q", "-b", "main")
    git(repo, "config", "user.name", "Owner")
    git(repo, "config", "user.email", "owner@localhost")
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "Start")


@pytest.fixture(scope="session")
def passed(new_missions: NewMissions, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Two milestones that pass: features with needs, two at once, and a conflict that the integrator resolves.

    `slow` waits until `second`, which has needs, has begun: in waves it would wait for ever.
    """
    missions = new_missions({"shared.txt": "shared\n", ".gitignore": ".prepared\n"})
    begun = tmp_path_factory.mktemp("flags") / "second-has-begun"
    return play(missions, _passing_blueprint(), _passing_script(begun))


def _passing_blueprint() -> Data:
    return {
        "maxConcurrency": 2,
        "setup": ["touch .prepared"],
        "milestones": [
            milestone(
                "first",
                feature("first"),
                feature("slow"),
                feature("second", "first"),
                feature("alone"),
                feature("joined", "slow", "second"),
                checks=[check("cat first.txt slow.txt second.txt alone.txt joined.txt")],
            ),
            milestone(
                "last",
                feature("left", "joined"),
                feature("right"),
                checks=[check("grep left shared.txt && grep right shared.txt && test -f resolved")],
            ),
        ],
    }


def _passing_script(begun: Path) -> Data:
    both = "printf 'left\\nright\\n' > shared.txt; touch resolved"  # lines alone do not pass the check
    return workers(
        first=[shell("test -f .prepared"), write("first.txt")],
        slow=[wait_for(begun), write("slow.txt")],
        second=[touch(begun), shell("test -f first.txt"), write("second.txt")],
        alone=[shell("test ! -e first.txt"), write("alone.txt"), {"commit": "Alone"}],
        joined=[shell("cat first.txt slow.txt second.txt"), write("joined.txt")],
        left=[shell("test -f joined.txt"), write("shared.txt", "left\n")],
        right=[write("shared.txt", "right\n"), {"commit": "Right"}],
    ) | {"integrator": {"right": [[shell(both)]]}}


@pytest.fixture(scope="session")
def unapproved(new_missions: NewMissions) -> Callable[[], tuple[Missions, Data, Data]]:
    """Missions, blueprint and script of a small mission that asks first."""

    def make() -> tuple[Missions, Data, Data]:
        blueprint = {"milestones": [milestone("one", feature("a"), feature("b"), feature("c"))]}
        return new_missions(), blueprint, workers(a=[write("a")], b=[write("b")], c=[write("c")])

    return make


@pytest.fixture(scope="session")
def declined(unapproved: Callable[[], tuple[Missions, Data, Data]]) -> dict[str, Going]:
    """Two runs whose plans were not approved, by the word that said so."""
    runs = {word: start(*unapproved()) for word in ("reject", "revise")}
    for word, run in runs.items():
        run.wait_for("plan_proposed")
        assert run.missions(word, run.name, "--note", "not now").returncode == 0
    for run in runs.values():
        run.end()
    return runs
