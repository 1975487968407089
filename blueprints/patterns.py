"""Rules about path patterns and regular expressions: the first stay where they belong, the second can be read."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import PurePosixPath

from blueprints.draft import Draft
from blueprints.errors import Problem
from blueprints.text import Path, quote

_FILES = ("uses", "junit", "report", "paths", "exist", "absent", "unchanged")
"""Keys of checks that name files of the checkout."""


def paths_stay_inside(draft: Draft) -> Iterator[Problem]:
    for path, pattern in _in_the_repository(draft):
        yield from _leaving(draft, path, pattern, "the repository's root, such as src/**")
    for assertion in draft.root.parts("contract"):
        for path, pattern in assertion.all_texts("evidence"):
            yield from _leaving(draft, path, pattern, "the folder of evidence, such as *.png")


def tests_are_no_options(draft: Draft) -> Iterator[Problem]:
    for check in draft.checks:
        for path, test in check.all_texts("tests"):
            if test.startswith("-"):
                yield draft.problem(path, f"{quote(test)} starts with '-'; write the id of a test or its beginning")


def valid_expressions(draft: Draft) -> Iterator[Problem]:
    for path, expression in _expressions(draft):
        if reason := _unreadable(expression):
            advice = "correct it, and put a backslash before a sign that stands for itself"
            yield draft.problem(path, f"{quote(expression)} is not a regular expression: {reason}; {advice}")


def _in_the_repository(draft: Draft) -> Iterator[tuple[Path, str]]:
    for _, feature in draft.features:
        yield from feature.all_texts("touches")
    yield from draft.root.part("tests").all_texts("paths")
    for rule in draft.root.parts("merges"):
        yield from rule.all_texts("paths")
    for check in draft.checks:
        for key in _FILES:
            yield from check.all_texts(key)
        for step in check.parts("steps"):
            yield from step.part("upload").all_texts("file")


def _leaving(draft: Draft, path: Path, pattern: str, root: str) -> Iterator[Problem]:
    if reason := _leaves(pattern):
        yield draft.problem(path, f"{quote(pattern)} {reason}; write it relative to {root}")


def _leaves(pattern: str) -> str | None:
    path = PurePosixPath(pattern.replace("\\", "/"))
    if path.is_absolute() or pattern.startswith("~") or pattern[1:3] in (":\\", ":/"):
        return "is absolute"
    if ".." in path.parts:
        return "leaves its folder"
    return "starts with '-'" if pattern.startswith("-") else None


def _expressions(draft: Draft) -> Iterator[tuple[Path, str]]:
    for check in draft.checks:
        yield from check.all_texts("pattern")
        if check.text("kind") == "http":
            yield from check.part("expect").all_texts("headers")
            yield from check.part("expect").all_texts("text")
        for step in check.parts("steps"):
            yield from step.part("expect").all_texts("url")
            yield from step.part("expect").all_texts("title")


def _unreadable(expression: str) -> str | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(expression)
    except re.error as error:
        place = "" if error.pos is None else f" at character {error.pos + 1}"
        return f"{error.msg}{place}"
    except (OverflowError, RecursionError):
        return "it repeats or nests too much"
    return None
