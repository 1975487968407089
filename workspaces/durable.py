"""What the ledger says is done is on the disk: git's objects and references first, the ledger's line after them."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from workspaces.worktree import git_directory


def flush(repo: Path) -> None:
    """Flush to disk all that was written to the file system that holds the repository's commits.

    git itself does not flush each object, least of all when an agent runs it. Raises OSError.
    """
    flush_file_system(git_directory(repo))


def flush_file_system(folder: Path) -> None:
    """Flush to disk all that was written to the file system that holds `folder`."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if library.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
