"""Which lines of which files a commit added or modified since a base."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from workspaces.git_command import git

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_OPTIONS = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--text",  # an attribute must not turn source into binary files, of which no line is shown
    "--ignore-submodules=all",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--find-renames",  # a file that only moved changed no line
    "-U0",
)


def changed_lines(repo: Path, base: str, commit: str, patterns: Sequence[str]) -> Mapping[str, frozenset[int]]:
    """Numbers, as in `commit`, of added and modified lines by path; GitError when git cannot tell.

    `patterns` are git's globs, relative to the top.
    """
    globs = [f":(top,glob){pattern}" for pattern in patterns]
    found = git(
        repo, "diff", *_OPTIONS, "--end-of-options", base, commit, "--", *globs, config=("core.quotePath=true",)
    )
    return _parsed(found.output.split("\n")) if globs else {}


def _parsed(rows: Sequence[str]) -> Mapping[str, frozenset[int]]:
    changed, path, place = dict[str, set[int]](), "", 0
    while place < len(rows):
        row, place = rows[place], place + 1
        if row.startswith("+++ "):
            path = _path(row.removeprefix("+++ "))
        elif match := _HUNK.match(row):
            removed, begin, added = (1 if part is None else int(part) for part in match.groups())
            changed.setdefault(path, set()).update(range(begin, begin + added))
            place = _after(rows, place, removed + added)
    return {path: frozenset(lines) for path, lines in changed.items() if lines}


def _after(rows: Sequence[str], place: int, lines: int) -> int:
    """Over the lines of a hunk, which may look like anything; `\\ No newline at end of file` is none of them."""
    while lines:
        lines -= not rows[place].startswith("\\")
        place += 1
    return place


def _path(name: str) -> str:
    """The name as git writes it after `+++`: quoted like in C when it is unusual, with a tab after a blank in it."""
    if name.startswith('"'):
        name = ast.literal_eval(f"b{name}").decode(errors="surrogateescape")
    return name.removesuffix("\t").removeprefix("b/")
