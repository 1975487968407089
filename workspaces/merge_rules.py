"""Which rule settles a conflict in a generated or list-like file: one of the blueprint's, or a well-known one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blueprints.schema import MergeRule
from workspaces import git
from workspaces.conflicts import Conflicts
from workspaces.environment import environment

_LOCK_FILES = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "package-lock.json": "npm install --package-lock-only --ignore-scripts --no-audit --no-fund",
    "pnpm-lock.yaml": "pnpm install --lockfile-only --ignore-scripts",
    # The first release of yarn knows no way to write the file alone.
    "yarn.lock": "yarn install --mode=update-lockfile || yarn install --ignore-scripts",
    "Cargo.lock": "cargo update --workspace",
    "go.sum": "go mod tidy",
    "Gemfile.lock": "bundle lock",
    "composer.lock": "composer update --minimal-changes --no-install --no-scripts --no-interaction",
}
"""Each tool adds what the merged project needs and leaves other versions as they are."""
_LISTS = ("CHANGELOG*", "CHANGES*")

WELL_KNOWN = (
    *(MergeRule(paths=[name], run=line, beside=True) for name, line in _LOCK_FILES.items()),
    MergeRule(paths=list(_LISTS), union=True),
)
"""Rules for files that every project has alike, in whatever folder."""


@dataclass(frozen=True)
class Applied:
    """A rule, and the paths in conflict that it is for."""

    rule: MergeRule
    paths: tuple[str, ...]
    folder: str = ""
    """Where its command runs, in the checkout."""

    @property
    def name(self) -> str:
        return self.rule.run or ("sort" if self.rule.sort else "union")


@dataclass(frozen=True)
class Ruled:
    """What rules say about the paths of a conflict."""

    applied: tuple[Applied, ...]
    unruled: dict[str, str]
    """Paths that no rule is for, each with the reason."""

    @property
    def needs_checkout(self) -> bool:
        return any(each.rule.run for each in self.applied)


def rules_for(repo: Path, merged: Conflicts, rules: Sequence[MergeRule]) -> Ruled:
    """The first rule that matches each path in conflict; the blueprint's `rules` come before the well-known ones."""
    left, applied = list(merged.paths), list[Applied]()
    for rule, matching in _matching(repo, merged, rules):
        mine = [path for path in left if path in matching]
        left = [path for path in left if path not in matching]
        applied += _by_folder(rule, mine)
    missing = {path: tool for each in applied if (tool := _missing_tool(each)) for path in each.paths}
    unruled = {path: f"no rule says how `{path}` is merged" for path in left}
    unruled |= {path: f"`{tool}`, which makes `{path}` anew, is not installed" for path, tool in missing.items()}
    return Ruled(tuple(each for each in applied if not _missing_tool(each)), unruled)


def _matching(repo: Path, merged: Conflicts, rules: Sequence[MergeRule]) -> Iterator[tuple[MergeRule, set[str]]]:
    for rule in rules:
        yield rule, set(git.files_at(repo, merged.tree, rule.paths))
    for rule in WELL_KNOWN:
        yield rule, {path for path in merged.paths if any(map(PurePosixPath(path).match, rule.paths))}


def _by_folder(rule: MergeRule, paths: Sequence[str]) -> Iterator[Applied]:
    if rule.run and rule.beside:
        for folder in sorted({str(PurePosixPath(path).parent) for path in paths}):
            yield Applied(rule, tuple(path for path in paths if str(PurePosixPath(path).parent) == folder), folder)
    elif paths:
        yield Applied(rule, tuple(paths))


def _missing_tool(applied: Applied) -> str | None:
    """The program of a well-known rule, when it is not there. A blueprint's line fails by itself."""
    if applied.rule not in WELL_KNOWN or not applied.rule.run:
        return None
    tool = applied.rule.run.partition(" ")[0]
    return None if shutil.which(tool, path=environment()["PATH"]) else tool
