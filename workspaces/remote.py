"""References of a git remote: read, fetched, and moved only from where they were last seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from blueprints.errors import MissionError
from workspaces.git import RefChange
from workspaces.git_command import GitError, answer, git

_CREDENTIALS = ("SSH_AUTH_SOCK", "SSH_AGENT_PID")
_FETCH = ("-q", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--refmap=")
FULL_CLONE = "get all of its history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"


class MovedError(MissionError):
    """Somebody else moved a reference meanwhile; nothing was overwritten."""


def references(repo: Path, remote: str, *patterns: str) -> dict[str, str]:
    """References of the remote that match a pattern such as `refs/missions/*/state`, and their objects."""
    _require_name(remote)
    try:
        lines = git(repo, "ls-remote", "-q", "--refs", "--", remote, *patterns, env=_CREDENTIALS).output.splitlines()
    except GitError as error:
        raise MissionError(f"the remote '{remote}' cannot be read: {_brief(error)}", exit_code=1) from None
    return {ref: sha for sha, _, ref in (line.partition("\t") for line in lines)}


def fetch(repo: Path, remote: str, refs: Sequence[str]) -> None:
    """Get what these references of the remote lead to; no reference here changes."""
    _require_name(remote)
    try:
        if refs:
            git(repo, "fetch", *_FETCH, "--", remote, *refs, env=_CREDENTIALS)
    except GitError as error:
        raise MissionError(f"the remote '{remote}' cannot be fetched from: {_brief(error)}", exit_code=1) from None


def push(repo: Path, remote: str, changes: Iterable[RefChange]) -> None:
    """All of the changes or none. Raises MovedError when a reference is not at its `old` any more."""
    changes = list(changes)
    _require_name(remote)
    leases = [f"--force-with-lease={change.ref}:{change.old}" for change in changes if change.old is not None]
    specs = [f"{change.new or ''}:{change.ref}" for change in changes]
    try:
        git(repo, "push", "-q", "--atomic", "--no-verify", *leases, "--", remote, *specs, env=_CREDENTIALS)
    except GitError as error:
        _require_done(repo, remote, changes, error)


def is_shallow(repo: Path) -> bool:
    return answer(repo, "rev-parse", "--is-shallow-repository") == "true"


def _require_done(repo: Path, remote: str, changes: list[RefChange], error: GitError) -> None:
    """The connection may have broken after the remote had done it, and what it says is in its own words: look."""
    now = references(repo, remote, *(change.ref for change in changes))
    if all(now.get(change.ref) == change.new for change in changes):
        return
    if moved := [change.ref for change in changes if change.old is not None and now.get(change.ref, "") != change.old]:
        raise MovedError(
            f"{moved[0]} on '{remote}' was moved by somebody else meanwhile; nothing was overwritten", exit_code=1
        )
    raise MissionError(f"the remote '{remote}' refuses the push: {_brief(error)}", exit_code=1)


def _require_name(remote: str) -> None:
    if not remote or remote.startswith("-"):
        raise MissionError(f"'{remote}' is not a remote; name one such as 'origin'")


def _brief(error: GitError) -> str:
    """What git says, without its advice; of a refused push, what the remote says too."""
    lines = [line for line in error.stderr.splitlines() if line.strip() and not line.startswith("hint:")]
    return "; ".join(lines[:3])
