"""The data set's tasks: a repository at a commit, and features that are a patch and a patch of tests each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

_REPOSITORY = re.compile(r"github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?[\"\s]")
_BASE = re.compile(r"^BASE_COMMIT=\"?([0-9a-f]{40})", re.MULTILINE)
_CHANGED = re.compile(r"^\+\+\+ b/(.+?)\s*$", re.MULTILINE)
_PYTEST = re.compile(r"^(?!\s*(?:#|echo)).*\bpytest(?! tools)[ \t]+(?=[\"'$\w]).*$", re.MULTILINE)
_FILE = re.compile(r"[\w./-]+\.py\b")
_INSTALL = re.compile(r"\binstall\b")


@dataclass(frozen=True)
class Feature:
    """One of a task's features."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def spec(self) -> str:
        return (self.folder / "feature.md").read_text(encoding="utf-8")

    @property
    def patch(self) -> Path:
        return self.folder / "feature.patch"

    @property
    def tests(self) -> Path:
        return self.folder / "tests.patch"

    @property
    def touches(self) -> list[str]:
        return _changed(self.patch)


@dataclass(frozen=True)
class Task:
    """A folder of the data set."""

    folder: Path

    @property
    def name(self) -> str:
        """`pallets_click_task/2068`."""
        return f"{self.folder.parent.name}/{self.folder.name.removeprefix('task')}"

    @property
    def repository(self) -> str:
        """Owner and name."""
        found = _REPOSITORY.search(self._script("setup.sh"))
        return found[1] if found else ""

    @property
    def base(self) -> str:
        found = _BASE.search(self._script("setup.sh"))
        return found[1] if found else ""

    @property
    def install(self) -> str:
        """The script that also prepares what the tests need."""
        return self._script("run_tests.sh")

    @property
    def features(self) -> list[Feature]:
        folders = [path for path in self.folder.glob("feature*") if (path / "tests.patch").is_file()]
        return [Feature(path) for path in sorted(folders, key=lambda path: (len(path.name), path.name))]

    @property
    def pairs(self) -> list[tuple[Feature, Feature]]:
        return list(combinations(self.features, 2))

    @property
    def test_files(self) -> list[str]:
        """What pytest is told to run: the files named in its line; where that has only variables, the patched ones."""
        named = [file for line in self._pytest_lines() for file in _FILE.findall(line)]
        return list(dict.fromkeys(named))

    def files_of(self, feature: Feature) -> list[str]:
        patched = [file for file in _changed(feature.tests) if file.endswith(".py")]
        return list(dict.fromkeys([*self.test_files, *patched]))

    def refusal(self) -> str | None:
        """Why the task is none for this benchmark."""
        if not self._pytest_lines():
            return "its tests are not run by a line of pytest"
        others = [path for feature in self.features for path in _changed(feature.tests) if not path.endswith(".py")]
        if others:
            return f"its tests are not all Python: {others[0]}"
        compiled = [path for feature in self.features for path in feature.touches if path.endswith((".rs", ".c"))]
        if compiled:
            return f"a feature changes what must be compiled: {compiled[0]}"
        return None if self.base and self.repository else "its setup.sh names no repository and commit"

    def _pytest_lines(self) -> list[str]:
        return [line for line in _PYTEST.findall(self.install) if not _INSTALL.search(line)]

    def _script(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def tasks(dataset: Path, wanted: Sequence[str]) -> list[Task]:
    """The wanted ones, or all; `pallets_click_task/2068` and `pallets_click_task/task2068` name the same."""
    root = dataset / "dataset" if (dataset / "dataset").is_dir() else dataset
    known = {task.name: task for task in (Task(path) for path in sorted(root.glob("*/task*")) if path.is_dir())}
    return [known[name.replace("/task", "/")] for name in wanted] if wanted else list(known.values())


def mirror(folder: Path, repository: str) -> Path | None:
    """The clone of `owner/name`, bare or not: it, or a folder with it as `repo`, is called `owner+name` or `name`."""
    owner, _, name = repository.partition("/")
    for called in (f"{owner}+{name}", f"{owner}/{name}", f"{owner}__{name}", name):
        for place in (called, f"{called}/repo", f"{called}.git"):
            path = folder / place
            if (path / "HEAD").is_file() or (path / ".git").exists():
                return path
    return None


def _changed(patch: Path) -> list[str]:
    return list(dict.fromkeys(_CHANGED.findall(patch.read_text(encoding="utf-8", errors="replace"))))
