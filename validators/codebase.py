"""`kind: codebase`: whether a regular expression is found in the commit's files, whatever lies in the checkout."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from blueprints.checks import CodebaseCheck
from validators.base import Bench, Observation
from validators.paths import refused, shown
from validators.shell import end, not_run
from workspaces import git, process

_SEARCH = Path(__file__).with_name("codebase_search.py")
_LISTED = 1000  # matches in the evidence
_NAMED = 10  # and in a reason
_WIDTH = 200  # signs of a line


class _Answer(BaseModel):
    """What the search says; see there."""

    invalid: str | None = None
    searched: int = 0
    count: int = 0
    matches: list[tuple[int, int, str]] = []


@dataclass(frozen=True)
class _Found:
    count: int
    places: Sequence[str]  # the first of them, `path:line`
    lines: Sequence[str]  # and `path:line: text`
    searched: str


@dataclass(frozen=True)
class CodebaseValidator:
    check: CodebaseCheck

    def look(self, bench: Bench) -> Observation:
        try:
            files = git.files_at(bench.checkout, bench.commit, self.check.paths)
        except git.GitError as error:
            return refused(error)
        if not files:
            return Observation.inconclusive(f"no tracked file matches {', '.join(self.check.paths)}"[:2000])
        blobs = {path: file.new_blob for path, file in files.items() if file.new_mode.startswith("100")}  # no links
        finished = self._search(bench, list(blobs.values()))
        if observation := not_run(finished, self.check.timeout):
            return observation
        try:
            answer = _Answer.model_validate_json(finished.output.rpartition("\n")[2])
        except ValidationError:
            return Observation.inconclusive(f"the search did not work: {end(finished.output)}")
        if answer.invalid:
            return Observation.inconclusive(f"the pattern is not a regular expression: {answer.invalid}")
        if not answer.searched:
            return Observation.inconclusive(f"nothing was searched: {_skipped(len(files))}")
        found = _found(answer, list(blobs), skipped=len(files) - answer.searched)
        _keep(found, bench.evidence)
        return _present(found) if self.check.expect == "present" else _absent(found)

    def _search(self, bench: Bench, blobs: Sequence[str]) -> process.Finished:
        asked = {"pattern": self.check.pattern, "blobs": blobs, "shown": _LISTED, "width": _WIDTH}
        return process.run(
            [sys.executable, "-I", "-W", "ignore", str(_SEARCH)],
            cwd=bench.checkout,
            stdin=json.dumps(asked).encode(),
            timeout=self.check.timeout,
            stop=bench.stop,
            contained=True,
        )


def _found(answer: _Answer, paths: Sequence[str], *, skipped: int) -> _Found:
    places = [f"{shown(paths[file])}:{line}" for file, line, _ in answer.matches]
    lines = [f"{place}: {text}" for place, (_, _, text) in zip(places, answer.matches, strict=True)]
    searched = _files(answer.searched) + (f" ({_skipped(skipped)})" if skipped else "")
    return _Found(answer.count, places, lines, searched)


def _keep(found: _Found, evidence: Path) -> None:
    if found.count:
        evidence.mkdir(parents=True, exist_ok=True)
        (evidence / "matches.txt").write_text(_listed(found, _LISTED) + "\n", encoding="utf-8")


def _present(found: _Found) -> Observation:
    if not found.count:
        return Observation.failed(f"not found in {found.searched}")
    more = f" (and {found.count - 1} more)" if found.count > 1 else ""
    return Observation.passed(f"found in {found.places[0]}{more}")


def _absent(found: _Found) -> Observation:
    if not found.count:
        return Observation.passed(f"not found in {found.searched}")
    return Observation.failed(f"found in {found.searched}:\n{_listed(found, _NAMED)}")


def _listed(found: _Found, most: int) -> str:
    more = [f"and {found.count - most} more"] if found.count > most else []
    return "\n".join([*found.lines[:most], *more])


def _skipped(count: int) -> str:
    return f"{_files(count)} skipped: binary, larger than 5 MB or a link"


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"
