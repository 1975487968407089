"""A coding agent's program: where it is, and its version."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from blueprints.agents import CliAgent
from workspaces import process
from workspaces.environment import environment

_VERSION = re.compile(r"\d+\.\d+[\w.+-]*")
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Tool:
    """A program that is installed apart from us."""

    name: str
    package: str

    def find(self, profile: CliAgent, folder: Path) -> Path | None:
        """Where it is; a path in the profile starts at `folder`."""
        named = profile.program or self.name
        name = str(folder / expanded(named)) if "/" in named else named
        found = shutil.which(name, path=environment().get("PATH", os.defpath))
        return Path(found) if found else None

    def missing(self, profile: CliAgent, folder: Path) -> str | None:
        """One sentence about its absence, without a subject."""
        if self.find(profile, folder):
            return None
        named = profile.program or self.name
        place = "which is not there or not executable" if "/" in named else "which is not on PATH"
        return f"needs the program '{named}', {place}; install it with `npm install -g {self.package}`"

    def version(self, profile: CliAgent, folder: Path) -> str | None:
        """As it tells; None when it is missing or does not tell."""
        path = self.find(profile, folder)
        return _version(path, path.stat().st_mtime_ns) if path else None


def expanded(path: str) -> Path:
    """With the user's home for `~`; as it is when there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


@functools.cache
def _version(path: Path, _modified: int) -> str | None:
    with tempfile.TemporaryDirectory() as home:
        quiet = environment(HOME=home, CODEX_HOME=home, CLAUDE_CONFIG_DIR=home, GEMINI_CLI_NO_RELAUNCH="1")
        finished = process.run([str(path), "--version"], cwd=Path(home), env=quiet, timeout=_TIMEOUT, contained=True)
    found = _VERSION.findall(finished.output) if finished.ok else []
    return found[-1] if found else None
