from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workspaces.git import GitError
from workspaces.harness import Flag, flagged, restore

Commit = Callable[..., str]
Owner = Callable[..., str]
OWN = "tests/acceptance/**"
FILES = {
    "src/app.py": "app\n",
    "conftest.py": "top\n",
    "pytest.ini": "[pytest]\n",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tests/conftest.py": "tests\n",
    "tests/unit/conftest.py": "unit\n",
    "tests/unit/test_u.py": "unit\n",
    "tests/acceptance/test_a.py": "a\n",
    "tests/acceptance/data/x.json": "{}\n",
}


@pytest.fixture
def repo(new_repo: Callable[..., Path]) -> Path:
    return new_repo(files=FILES)


@pytest.fixture
def base(repo: Path, owner: Owner) -> str:
    return owner(repo, "rev-parse", "HEAD")


def contents(repo: Path, folder: str = ".") -> dict[str, str]:
    found = {str(path.relative_to(repo)): path for path in (repo / folder).rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in sorted(found.items()) if not name.startswith(".git/")}


def test_changed_added_and_deleted_files_become_as_they_were(repo: Path, base: str, commit: Commit) -> None:
    tests = {"test_a.py": "pass\n", "data/x.json": None, "test_new.py": "new\n", "deep/er/new": "new\n"}
    commit(repo, {f"tests/acceptance/{name}": text for name, text in tests.items()})
    assert restore(repo, base, [OWN]) == sorted(f"tests/acceptance/{name}" for name in tests)
    assert contents(repo) == FILES
    assert not (repo / "tests/acceptance/deep").exists()


def test_work_stays(repo: Path, base: str, commit: Commit) -> None:
    work = {"src/app.py": "better\n", "src/new.py": "new\n", "tests/unit/test_u.py": "x\n", "pyproject.toml": "x = 1\n"}
    commit(repo, work)
    assert restore(repo, base, [OWN]) == []
    assert contents(repo) == FILES | work


def test_only_files_of_the_checkout_change(repo: Path, base: str, commit: Commit, owner: Owner) -> None:
    tip = commit(repo, {"tests/acceptance/test_a.py": "pass\n", "tests/acceptance/new": ""})
    restore(repo, base, [OWN])
    assert owner(repo, "rev-parse", "HEAD") == owner(repo, "rev-parse", "main") == tip
    assert owner(repo, "diff", "--cached", "--name-only") == ""


def test_a_second_time_nothing_differs(repo: Path, base: str, commit: Commit) -> None:
    commit(repo, {"tests/acceptance/test_a.py": "pass\n", "tests/acceptance/new": "", "conftest.py": None})
    assert restore(repo, base, [OWN])
    assert restore(repo, base, [OWN]) == []


def test_a_mode_becomes_as_it_was(repo: Path, base: str, commit: Commit) -> None:
    (repo / "tests/acceptance/test_a.py").chmod(0o755)
    commit(repo, {})
    assert restore(repo, base, [OWN]) == ["tests/acceptance/test_a.py"]
    assert not os.access(repo / "tests/acceptance/test_a.py", os.X_OK)


@pytest.mark.parametrize(
    "path", ["conftest.py", "tests/conftest.py", "tests/acceptance/conftest.py", "tests/acceptance/data/conftest.py"]
)
def test_configuration_above_its_own_files_becomes_as_it_was(repo: Path, base: str, commit: Commit, path: str) -> None:
    commit(repo, {path: "changed\n"})
    assert restore(repo, base, ["tests/acceptance/**/*.json", "tests/acceptance/test_*.py"]) == [path]
    assert contents(repo) == FILES


@pytest.mark.parametrize(
    "name",
    [
        *("sitecustomize.py", "usercustomize.py", "x.pth", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
        *("jest.config.ts", "vitest.config.mjs", ".mocharc.json", ".mocharc"),
    ],
)
def test_configuration_of_every_runner_is_restored(repo: Path, base: str, commit: Commit, name: str) -> None:
    commit(repo, {f"tests/{name}": "changed\n", f"src/{name}": "changed\n", f"tests/unit/{name}": "changed\n"})
    assert restore(repo, base, [OWN]) == [f"tests/{name}"]


def test_configuration_beside_files_that_are_new_is_restored(repo: Path, base: str, commit: Commit) -> None:
    commit(repo, {"tests/unit/own_test.py": "new\n", "tests/unit/conftest.py": "changed\n"})
    assert restore(repo, base, ["tests/unit/own_*"]) == ["tests/unit/conftest.py", "tests/unit/own_test.py"]


def test_folders_with_signs_of_patterns_are_folders_like_others(new_repo: Callable[..., Path], commit: Commit) -> None:
    files = {"app/[id]/conftest.py": "one\n", "app/i/conftest.py": "one\n", "app/[id]/own.py": "one\n"}
    repo = new_repo("odd", files)
    base = commit(repo, {})
    commit(repo, dict.fromkeys(files, "two\n"))
    assert restore(repo, base, ["app/*/own.py"]) == ["app/[id]/conftest.py", "app/[id]/own.py"]
    assert contents(repo)["app/i/conftest.py"] == "two\n"


def test_untracked_files_stay(repo: Path, base: str) -> None:
    (repo / "tests/acceptance/made.json").write_text("made")
    assert restore(repo, base, [OWN]) == []
    assert (repo / "tests/acceptance/made.json").read_text() == "made"


def test_what_was_done_to_the_checkout_is_undone(repo: Path, base: str, owner: Owner) -> None:
    (repo / "tests/acceptance/test_a.py").write_text("pass\n")
    (repo / "conftest.py").unlink()
    owner(repo, "rm", "-q", "--cached", "tests/acceptance/data/x.json")
    (repo / "tests/acceptance/data/x.json").write_text("[]\n")
    paths = ["conftest.py", "tests/acceptance/data/x.json", "tests/acceptance/test_a.py"]
    assert restore(repo, base, [OWN]) == paths
    assert contents(repo) == FILES


def test_files_that_git_was_told_to_overlook_are_restored(repo: Path, base: str, owner: Owner) -> None:
    for option, path in (("--assume-unchanged", "test_a.py"), ("--skip-worktree", "data/x.json")):
        owner(repo, "update-index", option, f"tests/acceptance/{path}")
        (repo / "tests/acceptance" / path).write_text("changed\n")
    assert restore(repo, base, [OWN]) == ["tests/acceptance/data/x.json", "tests/acceptance/test_a.py"]
    assert contents(repo) == FILES


def test_a_change_that_keeps_size_and_date_is_undone(repo: Path, base: str, owner: Owner) -> None:
    file = repo / "tests/acceptance/test_a.py"
    os.utime(file, (1_000_000_000, 1_000_000_000))
    owner(repo, "update-index", "--refresh")
    file.write_text("b\n")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert restore(repo, base, [OWN]) == ["tests/acceptance/test_a.py"]
    assert contents(repo) == FILES


def test_what_is_no_file_at_all_becomes_one(repo: Path, base: str) -> None:
    (repo / "tests/acceptance/test_a.py").unlink()
    os.mkfifo(repo / "tests/acceptance/test_a.py")
    assert restore(repo, base, [OWN]) == ["tests/acceptance/test_a.py"]
    assert contents(repo) == FILES


@pytest.mark.parametrize("patterns", [[], ["nothing/**"], ["nothing"]], ids=str)
def test_patterns_that_match_nothing_restore_nothing(
    repo: Path, base: str, commit: Commit, patterns: list[str]
) -> None:
    commit(repo, {"conftest.py": "changed\n", "tests/acceptance/test_a.py": "x"})
    assert restore(repo, base, patterns) == []
    assert contents(repo)["conftest.py"] == "changed\n"


@pytest.mark.parametrize("pattern", ["new/**", "tests/acceptance/data/**"])
def test_a_pattern_may_match_on_one_side_only(repo: Path, base: str, commit: Commit, pattern: str) -> None:
    commit(repo, {"new/one": "", "tests/acceptance/data/x.json": None})
    assert len(restore(repo, base, ["nothing", pattern])) == 1


def test_a_folder_that_became_a_file_is_a_folder_again(repo: Path, base: str, commit: Commit, owner: Owner) -> None:
    owner(repo, "rm", "-qr", "tests/acceptance")
    commit(repo, {"tests/acceptance": "file\n"})
    assert "tests/acceptance/test_a.py" in restore(repo, base, [OWN])
    assert contents(repo) == FILES


def test_a_file_that_became_a_folder_is_a_file_again(repo: Path, base: str, commit: Commit, owner: Owner) -> None:
    owner(repo, "rm", "-q", "tests/acceptance/test_a.py")
    commit(repo, {"tests/acceptance/test_a.py/deep/conftest.py": "x\n"})
    (repo / "tests/acceptance/test_a.py/untracked").touch()
    restore(repo, base, [OWN])
    assert contents(repo) == FILES


def test_configuration_that_became_a_folder_is_a_file_again(
    repo: Path, base: str, commit: Commit, owner: Owner
) -> None:
    owner(repo, "rm", "-q", "tests/conftest.py")
    commit(repo, {"tests/conftest.py/own_test.py": "x\n"})
    assert restore(repo, base, ["tests/**/own_*"]) == ["tests/conftest.py", "tests/conftest.py/own_test.py"]
    assert contents(repo) == FILES


def test_a_submodule_that_matches_is_no_trouble(repo: Path, base: str, owner: Owner) -> None:
    owner(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},tests/acceptance/module")
    owner(repo, "commit", "-qm", "module")
    tip = owner(repo, "rev-parse", "HEAD")
    (repo / "tests/acceptance/module/inside").mkdir(parents=True)
    assert restore(repo, base, [OWN]) == []
    assert restore(repo, tip, [OWN]) == []
    assert contents(repo) == FILES


@pytest.mark.parametrize("link", ["tests/acceptance", "tests"])
def test_nothing_is_written_through_a_link_that_leaves_the_checkout(
    repo: Path, base: str, commit: Commit, owner: Owner, tmp_path: Path, link: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "acceptance" / "data").mkdir(parents=True)
    owner(repo, "rm", "-qr", link)
    (repo / link).symlink_to(elsewhere)
    commit(repo, {})
    assert "tests/acceptance/test_a.py" in restore(repo, base, [OWN])
    assert contents(repo, "tests/acceptance") == {name: FILES[name] for name in FILES if "acceptance" in name}
    assert not (repo / link).is_symlink()
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == []


def test_links_in_a_circle_become_folders_again(repo: Path, base: str, commit: Commit, owner: Owner) -> None:
    owner(repo, "rm", "-qr", "tests")
    (repo / "tests").symlink_to("tests")
    commit(repo, {})
    assert "tests/acceptance/test_a.py" in restore(repo, base, [OWN])
    assert contents(repo, "tests/acceptance") == {name: FILES[name] for name in FILES if "acceptance" in name}


def test_nothing_is_deleted_through_a_link_that_leaves_the_checkout(
    repo: Path, base: str, commit: Commit, owner: Owner, tmp_path: Path
) -> None:
    commit(repo, {"tests/acceptance/new/file": ""})
    elsewhere = tmp_path / "elsewhere"
    (repo / "tests/acceptance/new").rename(elsewhere)
    (repo / "tests/acceptance/new").symlink_to(elsewhere)
    restore(repo, base, [OWN])
    assert (elsewhere / "file").exists()


def test_a_link_is_a_link_again(repo: Path, commit: Commit, owner: Owner) -> None:
    (repo / "tests/acceptance/shared").symlink_to("../../src")
    (repo / "tests/acceptance/link.py").symlink_to("test_a.py")
    base = commit(repo, {})
    owner(repo, "rm", "-q", "tests/acceptance/shared", "tests/acceptance/link.py")
    commit(repo, {"tests/acceptance/shared/test_b.py": "x", "tests/acceptance/link.py": "x"})
    assert "tests/acceptance/link.py" in restore(repo, base, [OWN])
    assert (repo / "tests/acceptance/link.py").readlink() == Path("test_a.py")
    assert (repo / "tests/acceptance/shared").readlink() == Path("../../src")
    assert (repo / "src/app.py").read_text() == "app\n"


def test_a_pattern_that_leaves_the_repository_is_an_error(repo: Path, base: str) -> None:
    with pytest.raises(GitError, match="outside repository"):
        restore(repo, base, ["../x"])
    with pytest.raises(GitError, match="outside repository"):
        flagged(repo, base, base, ["../x"])


def test_a_change_of_work_is_not_flagged(repo: Path, base: str, commit: Commit) -> None:
    work = {"src/app.py": "better\n", "tests/unit/test_new.py": "new\n", "pyproject.toml": None, "Makefile": "x:\n"}
    commit(repo, {"pyproject.toml": "[tool.pytest.ini_options]\n[project]\nname = 'x'\n"})
    assert flagged(repo, base, commit(repo, work | {"pyproject.toml": "[tool.pytest.ini_options]\n"}), [OWN]) == []


def test_a_change_of_a_check_s_own_files_is_flagged(repo: Path, base: str, commit: Commit) -> None:
    files = {"tests/acceptance/test_a.py": "pass\n", "tests/acceptance/data/x.json": None, "tests/acceptance/new": ""}
    tip = commit(repo, files)
    assert flagged(repo, base, tip, [OWN]) == [
        Flag(path, "a check's own file", restored=True) for path in sorted(files)
    ]


def test_a_change_of_the_runner_s_files_is_flagged(repo: Path, base: str, commit: Commit) -> None:
    tip = commit(repo, {"tests/conftest.py": "x\n", "tests/unit/conftest.py": None, "src/jest.config.js": "x\n"})
    assert flagged(repo, base, tip, [OWN]) == [
        Flag("src/jest.config.js", "changes how tests run (jest.config.js)", restored=False),
        Flag("tests/conftest.py", "changes how tests run (conftest.py)", restored=True),
        Flag("tests/unit/conftest.py", "changes how tests run (conftest.py)", restored=False),
    ]


def test_without_checks_of_their_own_files_nothing_is_restored(repo: Path, base: str, commit: Commit) -> None:
    [flag] = flagged(repo, base, commit(repo, {"conftest.py": "x\n"}), [])
    assert (flag.path, flag.restored) == ("conftest.py", False)


def test_what_is_flagged_as_restored_is_what_restoring_changes(repo: Path, base: str, commit: Commit) -> None:
    changed = ["conftest.py", "pytest.ini", "tests/unit/conftest.py", "tests/x.pth", "tests/acceptance/test_a.py"]
    tip = commit(repo, dict.fromkeys([*changed, "setup.cfg"], "[tool:pytest]\nx = 1\n"))
    flags = flagged(repo, base, tip, [OWN])
    assert restore(repo, base, [OWN]) == [flag.path for flag in flags if flag.restored]
    assert sorted(flag.path for flag in flags) == sorted([*changed, "setup.cfg"])


INI = "[tool.pytest.ini_options]\n"
DECIDES = [
    ("pyproject.toml", INI, INI + "addopts = '-k nothing'\n"),
    ("pyproject.toml", None, INI),
    ("pyproject.toml", INI, None),
    ("pyproject.toml", "x = 1\n", "[tool.pytest]\n"),
    ("pyproject.toml", "x = 1\n", "[project.entry-points.pytest11]\nmine = 'mine'\n"),
    ("pyproject.toml", "x = 1\n", "[tool.poetry.plugins.pytest11]\nmine = 'mine'\n"),
    ("pyproject.toml", "x = 1\n", "x = \n"),
    ("pyproject.toml", "x = 1\n", b"x = '\xff'\n"),
    ("setup.cfg", "[metadata]\n", "[tool:pytest]\naddopts = -x\n"),
    ("setup.cfg", "[metadata]\n", "[options.entry_points]\npytest11 =\n  mine = mine\n"),
    ("setup.cfg", "[metadata]\n", "metadata\n"),
    ("tox.ini", "[flake8]\n", "[pytest]\n"),
    ("tox.ini", "[testenv:py]\ncommands = pytest\n", "[testenv:py]\ncommands = true\n"),
    ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}'),
    ("package.json", "{}", '{"scripts": {"test:unit": "true"}}'),
    ("package.json", "{}", '{"scripts": {"pretest": "true"}}'),
    ("package.json", "{}", '{"jest": {}}'),
    ("package.json", "{}", "{"),
    ("package.json", "{}", "[" * 100_000),
    ("web/package.json", "{}", '{"mocha": {"spec": "x"}}'),
    ("test_x.py", "x = 1\n", "x = 1\npytest_plugins = 'mine'\n"),
    ("test_x.py", "pytest_plugins = [\n  'a',\n]\n", "pytest_plugins = [\n  'a',\n  'b',\n]\n"),
    ("plug.py", "pytest_plugins = (\n'a',\n)\n", None),
]
DOES_NOT = [
    ("pyproject.toml", INI + "x = 1\n", f"[project]\nname = 'x'\n{INI}x=1 # one\n"),
    ("pyproject.toml", None, "[project]\nname = 'x'\n"),
    ("setup.cfg", "[tool:pytest]\nx = %d\n", "[metadata]\nname = x\n[tool:pytest]\nx: %d\n"),
    ("setup.cfg", None, "[options.entry_points]\nconsole_scripts =\n  x = x\n"),
    ("tox.ini", "[flake8]\n", "[flake8]\nmax-line-length = 100\n"),
    ("package.json", '{"scripts": {"test": "jest"}}', '{"name": "x", "scripts": {"build": "x", "test": "jest"}}'),
    ("package.json", None, '{"dependencies": {"jest": "1"}}'),
    ("package.json", "{}", '{"scripts": []}'),
    ("test_x.py", "pytest_plugins = ['a']\n", "import x\n\npytest_plugins = ['a']\n\ny = 1\n"),
    ("test_x.py", "x = 1\n", b"\xff\0("),
    ("conftest.txt", "x", "y"),
]


def _changed(repo: Path, commit: Commit, path: str, old: str | None, new: str | bytes | None) -> list[Flag]:
    before = commit(repo, {path: old} if old is not None else {})
    if old is None:
        (repo / path).unlink(missing_ok=True)
        before = commit(repo, {})
    return flagged(repo, before, commit(repo, {path: new}), [])


@pytest.mark.parametrize(("path", "old", "new"), DECIDES)
def test_settings_that_decide_how_tests_run_are_flagged(
    repo: Path, commit: Commit, path: str, old: str | None, new: str | bytes | None
) -> None:
    what = "pytest_plugins" if path.endswith(".py") else path.removeprefix("web/")
    assert _changed(repo, commit, path, old, new) == [Flag(path, f"changes how tests run ({what})", restored=False)]


@pytest.mark.parametrize(("path", "old", "new"), DOES_NOT)
def test_other_settings_are_not(
    repo: Path, commit: Commit, path: str, old: str | None, new: str | bytes | None
) -> None:
    assert _changed(repo, commit, path, old, new) == []


def test_commits_without_a_difference_have_no_flags(repo: Path, base: str) -> None:
    assert flagged(repo, base, base, [OWN]) == []


def test_a_submodule_with_a_runner_s_name_is_flagged_like_a_file(repo: Path, base: str, owner: Owner) -> None:
    for name in ("conftest.py", "module.py"):
        owner(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{name}")
    owner(repo, "commit", "-qm", "odd")
    [flag] = flagged(repo, base, owner(repo, "rev-parse", "HEAD"), [])
    assert flag.path == "conftest.py"


def test_a_path_of_any_bytes_is_restored(repo: Path, base: str, owner: Owner) -> None:
    (repo / "tests/acceptance" / "odd\n\udcff").touch()
    owner(repo, "add", "-A")
    owner(repo, "commit", "-qm", "odd")
    assert restore(repo, base, [OWN]) == ["tests/acceptance/odd\n\udcff"]
    assert contents(repo) == FILES


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pytest.py", None, "forged\n"),
        ("src/pluggy/__init__.py", None, "forged\n"),
        (".gitattributes", None, "*.sh eol=crlf\n"),
        ("Makefile", "test:\n\tpytest\n", "test:\n\t@echo 3 passed\n"),
        ("justfile", "test:\n  pytest\n", "test:\n  true\n"),
    ],
)
def test_what_steers_the_runner_from_elsewhere_is_flagged(
    repo: Path, commit: Commit, name: str, before: str | None, after: str
) -> None:
    base = commit(repo, {name: before} if before else {})
    tip = commit(repo, {name: after})
    assert [flag.path for flag in flagged(repo, base, tip, [])] == [name]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Makefile", "test:\n\tpytest\n", "test:\n\tpytest\n\nbuild:\n\tmake-it\n"),
        (".gitattributes", None, "*.png linguist-generated\n"),
    ],
)
def test_what_does_not_steer_the_runner_is_not_flagged(
    repo: Path, commit: Commit, name: str, before: str | None, after: str
) -> None:
    base = commit(repo, {name: before} if before else {})
    assert flagged(repo, base, commit(repo, {name: after}), []) == []


def test_an_approved_file_whose_object_was_overwritten_is_refused(repo: Path, base: str, owner: Owner) -> None:
    blob = owner(repo, "rev-parse", "HEAD:tests/acceptance/test_a.py")
    other = owner(repo, "rev-parse", "HEAD:src/app.py")
    objects = repo / ".git" / "objects"
    target, source = (objects / name[:2] / name[2:] for name in (blob, other))
    target.chmod(0o644)
    target.write_bytes(source.read_bytes())
    with pytest.raises(OSError, match="does not hold what its name says"):
        restore(repo, base, [OWN])
