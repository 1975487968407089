"""A git tree with some of its paths replaced, made without an index and without a checkout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workspaces import git
from workspaces.git_command import answer, fields
from workspaces.resolution import ABSENT, Entry

_FOLDER = "040000"


def with_entries(repo: Path, tree: str, entries: Mapping[str, Entry]) -> str:
    """The tree in which each path is the given mode and object; ABSENT takes the path out.

    Folders appear and disappear with what is in them.
    """
    lines = _entries(repo, tree)
    for name, below in _by_first_part(entries).items():
        here = below.pop("", None)
        if below:
            mode, folder = lines.get(name, ABSENT)
            changed = with_entries(repo, folder if mode == _FOLDER else git.EMPTY_TREE, below)
            here = ABSENT if changed == git.EMPTY_TREE else (_FOLDER, changed)
        lines.pop(name, None)
        if here and here != ABSENT:
            lines[name] = here
    return answer(repo, "mktree", "-z", stdin="".join(_line(name, entry) for name, entry in lines.items()))


def write_blob(repo: Path, content: bytes) -> str:
    """The object that holds exactly this content: no filter and no line end is applied."""
    return answer(repo, "hash-object", "-w", "--stdin", stdin=content.decode(errors="surrogateescape"))


def entries_at(repo: Path, tree: str, paths: Sequence[str]) -> dict[str, Entry]:
    """Mode and object of each of these paths in a tree or commit; those that are not there are left out."""
    if not paths:
        return {}
    found = fields(repo, "--literal-pathspecs", "ls-tree", "-z", "--full-tree", tree, "--", *paths)
    return dict(map(_entry, found))


def _entries(repo: Path, tree: str) -> dict[str, Entry]:
    return dict(map(_entry, fields(repo, "ls-tree", "-z", "--full-tree", tree)))


def _entry(line: str) -> tuple[str, Entry]:
    about, _, path = line.partition("\t")
    mode, _, name = about.split(" ")
    return path, (mode, name)


def _by_first_part(entries: Mapping[str, Entry]) -> dict[str, dict[str, Entry]]:
    parts: dict[str, dict[str, Entry]] = {}
    for path, entry in entries.items():
        name, _, rest = path.partition("/")
        parts.setdefault(name, {})[rest] = entry
    return parts


def _line(name: str, entry: Entry) -> str:
    kind = {_FOLDER: "tree", "160000": "commit"}.get(entry[0], "blob")
    return f"{entry[0]} {kind} {entry[1]}\t{name}\0"
