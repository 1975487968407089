"""How reasons show paths, which may hold any byte and be many."""

from __future__ import annotations

from collections.abc import Sequence

from validators.base import Observation
from workspaces.git import GitError

_NAMED = 10


def shown(path: str) -> str:
    """The path on one line, as text that every file and terminal takes."""
    text = path.encode(errors="surrogateescape").decode(errors="replace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def some(paths: Sequence[str]) -> str:
    """The first ten, and how many more there are."""
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(map(shown, paths[:_NAMED])) + more


def refused(error: GitError) -> Observation:
    """What it means that git did not look, such as for a pattern that leaves the repository."""
    return Observation.inconclusive(f"git could not look for the paths: {error.stderr[-1000:]}")
