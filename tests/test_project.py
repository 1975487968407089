"""The project as a whole: what is installed, what the README promises, what deployments name."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
PACKAGES: list[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["packages"]
BLUEPRINTS = sorted((PROJECT / "blueprints" / "examples").glob("*/mission.yaml"))


def python(*words: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def entrypoints() -> Iterator[str]:
    """Every `file.py:function` that `prefect.yaml` names."""
    data: dict[str, Any] = yaml.safe_load((PROJECT / "prefect.yaml").read_text())
    yield from (deployment["entrypoint"] for deployment in data["deployments"])


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_of_that_name_later_on_the_path_does_not_shadow_ours(tmp_path: Path, name: str) -> None:
    assert imported(name, f"import sys; sys.path.append({str(tmp_path)!r})", tmp_path) == PROJECT / name


def test_a_package_of_that_name_earlier_on_the_path_does_not_shadow_the_command_s(tmp_path: Path) -> None:
    """As PyPI's own `validators`, installed beside an editable Missions."""
    before = f"import sys; sys.path.insert(1, {str(tmp_path)!r}); import cli.main"
    assert imported("validators", before, tmp_path) == PROJECT / "validators"


def imported(name: str, before: str, folder: Path) -> Path:
    """Where a package comes from when another of its name is in `folder`."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    (folder / "empty").mkdir()
    return Path(python("-c", f"{before}; import {name}; print({name}.__file__)", cwd=folder / "empty")).parent


def test_no_dependency_brings_a_package_of_ours() -> None:
    site = [Path(path) for path in sys.path if path.endswith("site-packages")]
    assert [str(folder / name) for folder in site for name in PACKAGES if (folder / name).exists()] == []


def test_every_package_is_installed_and_checked() -> None:
    there = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert there - {"tests", "benchmarks"} == set(PACKAGES)
    checks = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    assert set(checks["importlinter"]["root_packages"]) == set(PACKAGES)
    assert there == set(checks["mypy"]["packages"]) == set(checks["pyright"]["include"])


def test_no_top_level_package_is_called_mission() -> None:
    assert not (PROJECT / "mission").exists()
    assert not (PROJECT / "mission.py").exists()


def test_no_module_beside_an_entrypoint_shadows_the_standard_library() -> None:
    """Prefect puts an entrypoint's folder in front of the path."""
    folders = {PROJECT, *(PROJECT / entry.partition(":")[0] for entry in entrypoints())}
    beside = {path.stem for folder in folders for path in (folder.parent if folder.is_file() else folder).glob("*.py")}
    assert beside & sys.stdlib_module_names == set()
    assert set(PACKAGES) & sys.stdlib_module_names == set()


@pytest.mark.parametrize("entry", list(entrypoints()))
def test_every_entrypoint_of_a_deployment_exists(entry: str) -> None:
    file, _, name = entry.partition(":")
    tree = ast.parse((PROJECT / file).read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in [function.name for function in functions]


def test_the_module_that_holds_the_entrypoint_defines_no_class() -> None:
    tree = ast.parse((PROJECT / "flows" / "mission.py").read_text())
    assert [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] == []


def test_every_make_command_of_the_readme_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", (PROJECT / "README.md").read_text()))
    assert {"demo", "test"} <= named <= targets


def test_every_mission_command_of_the_readme_exists() -> None:
    from cli.main import mission

    named = set(re.findall(r"\bmission ([a-z]+) [A-Z<.~/-]", (PROJECT / "README.md").read_text()))
    assert named <= set(mission.commands) | set(mission.list_commands(None))  # type: ignore[arg-type]


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (PROJECT / "README.md").read_text())
    assert [link for link in links if not (PROJECT / link).exists()] == []


@pytest.mark.parametrize("path", [".ci/run", "scripts/check", "scripts/chromium", "scripts/uv"])
def test_scripts_are_executable(path: str) -> None:
    assert os.access(PROJECT / path, os.X_OK)


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_example_blueprints_have_no_mistakes(blueprint: Path) -> None:
    assert "no problems" in python("-m", "cli.main", "check", str(blueprint), cwd=PROJECT)


def test_there_are_examples() -> None:
    assert {path.parent.name for path in BLUEPRINTS} >= {"quickstart", "library"}


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).with_name("mission")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert re.search(r"\d+\.\d+", done.stdout)
