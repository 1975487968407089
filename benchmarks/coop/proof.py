"""What became of a pair, looked at without the engine: both features' tests, and every line that they added."""

from __future__ import annotations

import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.coop.clone import apply, fresh_clone
from benchmarks.coop.dataset import Feature, Task
from benchmarks.coop.environment import Environment

_LONGEST = 300
"""Seconds for a run of tests."""


@dataclass(frozen=True)
class Prover:
    """Knows a task's repository and what its tests run in."""

    task: Task
    repository: Path
    environment: Environment

    def own_failure(self, feature: Feature) -> str | None:
        """Why nobody can be measured by this feature: its own tests do not pass on its own patch. None: they do."""
        with fresh_clone(self.repository, self.task.base) as clone:
            if not apply(clone, feature.patch):
                return "its patch does not apply to the base"
            return self._failure(clone, feature)

    def failing(self, commit: str, pair: tuple[Feature, Feature]) -> list[str]:
        """The features whose tests do not pass on this commit, each with its own tests alone."""
        return [feature.id for feature in pair if self._failure_at(commit, feature)]

    def lost(self, commit: str, pair: tuple[Feature, Feature]) -> dict[str, list[str]]:
        """By feature: lines that its patch adds and that are too few in the commit's files.

        A line must be there as often as on the base and added by one of the two, less what both remove of it: the
        same line added by both may have become one.
        """
        changes = {feature.id: _changes(feature.patch) for feature in pair}
        with fresh_clone(self.repository, self.task.base) as base, fresh_clone(self.repository, commit) as result:
            found = {name: [*_missing(name, changes, base, result)] for name in changes}
        return {name: lines for name, lines in found.items() if lines}

    def _failure_at(self, commit: str, feature: Feature) -> str | None:
        with fresh_clone(self.repository, commit) as clone:
            return self._failure(clone, feature)

    def _failure(self, clone: Path, feature: Feature) -> str | None:
        if not apply(clone, feature.tests):
            return "its tests do not apply"
        files = [file for file in self.task.files_of(feature) if (clone / file).is_file()]
        line = "\n".join(["set -e", *self.environment.preparation(), self.environment.line(files)])
        shell = ["bash", "-c", line]
        try:
            ran = subprocess.run(shell, cwd=clone, env=_variables(), capture_output=True, check=False, timeout=_LONGEST)
        except subprocess.TimeoutExpired:
            return f"its tests took more than {_LONGEST} s"
        if ran.returncode == 0:
            return None
        told = ran.stdout.decode(errors="replace").strip() or ran.stderr.decode(errors="replace").strip()
        return (told.splitlines() or [f"exit code {ran.returncode}"])[-1]


def _variables() -> dict[str, str]:
    """Little, so that the tests see here what they see in the engine's checkouts."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


_Changes = dict[str, tuple[Counter[str], Counter[str]]]
"""Added and removed lines by path."""


def _changes(patch: Path) -> _Changes:
    changes: _Changes = defaultdict(lambda: (Counter(), Counter()))
    for path, line in _changed_lines(patch.read_text(encoding="utf-8", errors="replace")):
        text = line[1:].strip()
        if text:
            changes[path][line[0] == "-"][text] += 1
    return changes


def _changed_lines(patch: str) -> Iterator[tuple[str, str]]:
    """Each added or removed line, after the path of the file it is in."""
    path, in_hunk = "", False
    for line in patch.splitlines():
        if line.startswith("diff --git "):
            in_hunk = False
        elif line.startswith("@@ "):
            in_hunk = True
        elif not in_hunk and line.startswith("+++ "):
            path = line.removeprefix("+++ ").removeprefix("b/").strip()
        elif in_hunk and line[:1] in ("+", "-"):
            yield path, line


def _missing(name: str, changes: dict[str, _Changes], base: Path, result: Path) -> Iterator[str]:
    for path, (added, _) in changes[name].items():
        before, now = _lines(base / path), _lines(result / path)
        both = [change[path] for change in changes.values() if path in change]
        for text in added:
            most = max(more[text] for more, _ in both)
            if now[text] < before[text] + most - sum(fewer[text] for _, fewer in both):
                yield f"{path}: {text}"


def _lines(path: Path) -> Counter[str]:
    if not path.is_file():
        return Counter()
    return Counter(line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
