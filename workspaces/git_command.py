"""One git command: the same switches and environment for all, so that nobody's configuration changes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blueprints.errors import MissionError
from workspaces import process

IDENTITY = {
    "GIT_AUTHOR_NAME": "Missions",
    "GIT_AUTHOR_EMAIL": "missions@localhost",
    "GIT_COMMITTER_NAME": "Missions",
    "GIT_COMMITTER_EMAIL": "missions@localhost",
}
_SWITCHES = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "rerere.enabled=false",
    "advice.detachedHead=false",
    # The same branches merge into the same tree, and differ in the same hunks, whoever's machine it is.
    "diff.algorithm=histogram",
    "diff.renames=true",
    "merge.renames=true",
    "merge.renameLimit=7000",
    "merge.directoryRenames=conflict",
    "merge.conflictStyle=merge",
)
_OPTIONS = tuple(word for switch in _SWITCHES for word in ("-c", switch))
_TIMEOUT = 900.0  # seconds; the checkout of a very large repository on a slow disk


class GitError(MissionError):
    """A git command that failed where it should not have."""

    def __init__(self, finished: process.Finished, folder: Path) -> None:
        self.argv = tuple(word for word in finished.argv if word not in _OPTIONS)
        self.folder = folder
        self.stderr = finished.error.strip() or finished.output.strip()
        super().__init__(
            f"{' '.join(self.argv)} ({finished.ended} {finished.exit_code}) in {folder}: {self.stderr}", exit_code=1
        )


def agent_environment() -> dict[str, str]:
    """What an agent's own git commands get: an identity, and neither prompts, signatures nor housekeeping."""
    settings = {
        "commit.gpgSign": "false",
        "tag.gpgSign": "false",
        "gc.auto": "0",
        "maintenance.auto": "false",
        "advice.detachedHead": "false",
    }
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**IDENTITY, "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", **numbered}


def git(
    folder: Path,
    *words: str,
    stdin: str | None = None,
    config: Sequence[str] = (),
    fine: Sequence[int] = (0,),
    env: Sequence[str] = (),
) -> process.Finished:
    """Run git in `folder`; GitError unless it exits with one of the `fine` codes.

    Undecodable bytes, which paths may have, survive in the answer as surrogates.
    """
    extra = [word for setting in config for word in ("-c", setting)]
    finished = process.run(
        ["git", *_OPTIONS, *extra, *words],
        cwd=folder,
        env=process.environment(*env, **IDENTITY, GIT_OPTIONAL_LOCKS="0", LC_ALL="C"),
        stdin=None if stdin is None else stdin.encode(errors="surrogateescape"),
        timeout=_TIMEOUT,
        errors="surrogateescape",
    )
    if finished.exit_code not in fine:
        raise GitError(finished, folder)
    return finished


def answer(folder: Path, *words: str, stdin: str | None = None) -> str:
    """What git prints, without the last line's end."""
    return git(folder, *words, stdin=stdin).output.removesuffix("\n")


def fields(folder: Path, *words: str) -> list[str]:
    """What git prints with `-z`."""
    return [field for field in git(folder, *words).output.split("\0") if field]
