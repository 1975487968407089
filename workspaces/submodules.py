"""Submodules of a workspace, from what the user's checkout already has.

Never the network, and never a word in the shared configuration. A submodule that the user has not
initialised, or whose commit is not in its objects, stays an empty folder, as it is for the user, and a
warning says so. Commits that an agent makes inside a submodule are not kept.
"""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath

from workspaces.git_command import GitError, fields, git

_log = logging.getLogger(__name__)


def populate(checkout: Path, git_dir: Path) -> None:
    """Check out the submodules of `checkout`, and theirs, with the objects under `git_dir`."""
    if not (checkout / ".gitmodules").is_file():
        return
    for name, path in _declared(checkout).items():
        source = git_dir / "modules" / name
        if not source.is_dir():
            _log.warning("submodule %s of %s is not initialised in the user's checkout: left empty", path, checkout)
        elif _update(checkout, name, path, source):
            populate(checkout / path, source)


def _declared(checkout: Path) -> dict[str, str]:
    words = ("config", "-z", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    found = (entry.partition("\n") for entry in fields(checkout, *words))
    named = {key.removeprefix("submodule.").removesuffix(".path"): path for key, _, path in found}
    return {name: path for name, path in named.items() if ".." not in PurePosixPath(name).parts}


def _update(checkout: Path, name: str, path: str, source: Path) -> bool:
    config = ("protocol.file.allow=always", f"submodule.{name}.url={source}", f"submodule.{name}.active=true")
    try:
        git(checkout, "submodule", "-q", "update", "--checkout", "--force", "--", path, config=config)
    except GitError as error:
        _log.warning("submodule %s of %s is left empty: %s", path, checkout, error.stderr)
        return False
    return True
