"""Both sides of a conflict, line by line: what one side wrote, then what the other wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from workspaces.conflicts import Contested, conflicts_between, texts_of
from workspaces.git_command import git
from workspaces.resolution import Entry
from workspaces.trees import with_entries, write_blob

_ANY_NUMBER_OF_CONFLICTS = range(128)  # the exit code of `git merge-file`


def union(repo: Path, ours: str, theirs: str, *, theirs_first: bool, besides: Collection[str] = ()) -> str | None:
    """The tree in which each path in conflict has the lines of both commits; all else is as git merges it.

    None when a conflict is not of lines of text, see `conflicts`; those `besides` are somebody else's to settle.
    """
    merged = conflicts_between(repo, ours, theirs)
    entries: dict[str, Entry] = {}
    for contested in (each for each in merged.contested if each.path not in besides):
        entry = union_of(repo, contested, theirs_first=theirs_first)
        if entry is None:
            return None
        entries[contested.path] = entry
    return with_entries(repo, merged.tree, entries) if entries else merged.tree


def union_of(repo: Path, contested: Contested, *, theirs_first: bool, sort: bool = False) -> Entry | None:
    """One path with the lines of both sides; with `sort` the whole file is a list, each line once, in order."""
    texts, mode = texts_of(repo, contested), contested.mode
    if texts is None or mode is None:
        return None
    base, ours, theirs = texts
    lines = union_of_lines(base, *((theirs, ours) if theirs_first else (ours, theirs)))
    if lines is None:
        return None
    return mode, write_blob(repo, in_order(lines) if sort else lines)


def union_of_lines(base: bytes, first: bytes, second: bytes) -> bytes | None:
    """The lines of both texts, `first` before `second` where both changed the same ones.

    A side that changed the line ends changed no line: the lines are merged without them, and the result has the
    new ones. None where one of the texts mixes them in a way of its own.
    """
    ends = [_line_ends(text) for text in (base, first, second)]
    told = {end for end in ends if end}
    if len(told) <= 1:
        return _merge_file(base, first, second)
    if told != {"\n", "\r\n"} or not ends[0]:
        return None
    new = "\r\n" if ends[0] == "\n" else "\n"
    merged = _merge_file(*(text.replace(b"\r\n", b"\n") for text in (base, first, second)))
    return merged.replace(b"\n", new.encode())


def in_order(text: bytes) -> bytes:
    """Each line once, sorted by its bytes."""
    end = b"\r\n" if b"\r\n" in text else b"\n"
    return b"".join(line + end for line in sorted(set(text.splitlines())))


def _line_ends(text: bytes) -> str:
    """How its lines end; "" for a text without any end of a line."""
    windows = text.count(b"\r\n")
    others = text.count(b"\n") - windows
    if windows and others:
        return "mixed"
    return "\r\n" if windows else "\n" if others else ""


def _merge_file(base: bytes, first: bytes, second: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (("base", base), ("first", first), ("second", second)):
            (folder / file).write_bytes(content)
        words = ("merge-file", "-p", "-q", "--union", "first", "base", "second")
        return git(folder, *words, fine=_ANY_NUMBER_OF_CONFLICTS).output.encode(errors="surrogateescape")
