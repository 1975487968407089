"""Git for the benchmark itself, apart from the engine's: clones in which patches are applied and tests are run."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_LENIENT = ("--ignore-whitespace", "--ignore-space-change")
"""As the data set's own scripts apply its patches."""


def git(repo: Path, *words: str) -> str:
    """The output of a command that must succeed."""
    return subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True, text=True).stdout


def succeeds(repo: Path, *words: str) -> bool:
    return subprocess.run(["git", "-C", str(repo), *words], capture_output=True, check=False).returncode == 0


def clone_at(source: Path, folder: Path, commit: str) -> Path:
    """An ordinary clone whose branch `main` is `commit`."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(source), str(folder)], check=True)
    git(folder, "checkout", "--quiet", "-B", "main", commit)
    git(folder, "config", "user.name", "Benchmark")
    git(folder, "config", "user.email", "benchmark@localhost")
    return folder


@contextmanager
def fresh_clone(source: Path, commit: str) -> Generator[Path]:
    """A clone that has the commit checked out, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="missions-bench-") as parent:
        folder = Path(parent) / "clone"
        words = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(source), str(folder)]
        subprocess.run(words, check=True)
        git(folder, "checkout", "--quiet", "--detach", commit)
        yield folder


def apply(repo: Path, patch: Path) -> bool:
    """Apply a patch of the data set; False when it does not fit."""
    return succeeds(repo, "apply", *_LENIENT, str(patch)) or succeeds(repo, "apply", "--3way", str(patch))
