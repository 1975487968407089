"""Repositories as users have them: a mission works on each, and changes nothing in it but its own references."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Data, Missions
from tests.flows.conftest import NewMissions
from tests.flows.stage import (
    Going,
    check,
    feature,
    git,
    milestone,
    play,
    shell,
    start,
    workers,
    write,
)


def _dirty(repo: Path) -> None:
    (repo / "a.txt").write_text("being edited\n")
    (repo / "shared.txt").write_text("staged\n")
    git(repo, "add", "shared.txt")
    (repo / "untracked").write_text("mine\n")


def _detached(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")


def _failing_hooks(repo: Path) -> None:
    for name in (
        "pre-commit",
        "commit-msg",
        "post-checkout",
        "reference-transaction",
        "post-commit",
        "pre-merge-commit",
    ):
        hook = repo / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {repo}/{name}-ran\nexit 1\n")
        hook.chmod(0o755)


def _broken_signing(repo: Path) -> None:
    git(repo, "config", "commit.gpgsign", "true")
    git(repo, "config", "tag.gpgsign", "true")
    git(repo, "config", "gpg.program", "/bin/false")


def _submodule(repo: Path) -> None:
    library = repo.parent / "library"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    (library / "inside").write_text("of the submodule\n")
    git(library, "add", "-A")
    git(library, "-c", "user.name=L", "-c", "user.email=l@localhost", "commit", "-q", "-m", "Library")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    git(repo, "commit", "-q", "-m", "Use the library")


VARIANTS: dict[str, Callable[[Path], None]] = {
    "dirty": _dirty,
    "detached": _detached,
    "hooks": _failing_hooks,
    "signing": _broken_signing,
    "submodule": _submodule,
}
BLUEPRINT: Data = {"milestones": [milestone("one", feature("a"), feature("b"), feature("c", "a", "b"))]}


@pytest.fixture(scope="module")
def variants(new_missions: NewMissions) -> dict[str, tuple[Going, Data, Data]]:
    """A run on each kind of repository, all at the same time, and its owner's view before and after."""
    runs: dict[str, tuple[Going, Data]] = {}
    for name, change in VARIANTS.items():
        missions = new_missions()
        change(missions.repo)
        before = _view(missions.repo)
        look = "grep -q submodule lib/inside" if name == "submodule" else "test ! -e lib"
        script = workers(a=[shell(look), write("a"), {"commit": "A"}], b=[write("b")], c=[shell("cat a b"), write("c")])
        runs[name] = start(missions, BLUEPRINT | {"validators": [check(look)]}, script, "--yes"), before
    for run, _ in runs.values():
        run.end()
    return {name: (run, before, _view(run.repo)) for name, (run, before) in runs.items()}


def _view(repo: Path) -> Data:
    """All that the owner of a repository sees, but for the mission's own branch."""
    files = [path for path in repo.rglob("*") if path.is_file() and ".git" not in path.relative_to(repo).parts]
    return {
        "files": {str(path): path.read_bytes() for path in files},
        "configuration": (repo / ".git" / "config").read_bytes(),
        "HEAD": (repo / ".git" / "HEAD").read_bytes(),
        "commit": git(repo, "rev-parse", "HEAD"),
        "index": git(repo, "ls-files", "--stage"),
        "status": git(repo, "status", "--porcelain=v2", "--ignored"),
        "branches": git(
            repo, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/[!m]*", "refs/heads/main"
        ),
        "stash": git(repo, "stash", "list"),
    }


@pytest.mark.parametrize("name", VARIANTS)
def test_a_mission_passes_on_a_repository_as_users_have_them(
    variants: dict[str, tuple[Going, Data, Data]], name: str
) -> None:
    run, _, _ = variants[name]
    assert (run.process.returncode, run.status()["reason"]) == (0, "")
    assert run.file("c") == "done"


@pytest.mark.parametrize("name", VARIANTS)
def test_a_mission_changes_nothing_in_the_users_repository(
    variants: dict[str, tuple[Going, Data, Data]], name: str
) -> None:
    run, before, after = variants[name]
    assert after == before
    assert run.leftovers() == []


def test_without_worktrees_agents_follow_one_another_in_one_folder(new_missions: NewMissions) -> None:
    missions = new_missions({"a.txt": "one\n", ".gitignore": "cache\n"})
    run = play(
        missions,
        {
            "useWorktrees": False,
            "maxConcurrency": 1,
            "milestones": [milestone("one", feature("first"), feature("second", "first"), feature("third"))],
        },
        workers(
            first=[shell("pwd > cache"), write("first")],
            second=[shell('test "$(cat cache)" = "$(pwd)" && cat first'), write("second")],
            third=[shell("test ! -e first"), write("third"), {"commit": "Third"}],
        ),
    )
    assert (run.code, run.report()["reason"]) == (0, "")
    assert [run.file(name) for name in ("first", "second", "third")] == ["done"] * 3
    assert git(run.repo, "status", "--porcelain", "--ignored") == ""


def test_a_repository_given_by_its_address_is_cloned(new_missions: NewMissions) -> None:
    missions = new_missions()
    blueprint = missions.blueprint(
        {"repository": {"url": missions.repo.as_uri()}, "milestones": [milestone("one", feature("a"))]},
        workers(a=[shell("cat a.txt"), write("a")]),
    )
    assert missions("run", blueprint, "--yes").returncode == 0
    [clone] = (missions.home / "repositories").iterdir()
    [name] = missions.runs()
    assert git(clone, "show", f"mission/{name}:a") == "done"
    assert git(missions.repo, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


def test_two_missions_at_once_share_a_repository_and_the_prefect_server(new_missions: NewMissions) -> None:
    missions = new_missions()
    script = workers(a=[write("a")], b=[write("b")], c=[write("c")])
    first = start(missions, BLUEPRINT, script, "--yes")
    second = start(missions, BLUEPRINT, script, "--yes")
    assert (first.end(), second.end()) == (0, 0)
    pages = [run.events("mission_run_started")[0]["ui"].partition("/flow-run")[0] for run in (first, second)]
    assert pages[0] == pages[1]
    assert first.name != second.name
    assert (first.file("c"), second.file("c")) == ("done", "done")
    assert first.leftovers() == []
    assert _names(missions) == {"main", first.branch, second.branch}


def _names(missions: Missions) -> set[str]:
    return set(git(missions.repo, "branch", "--format=%(refname:short)").split())
