"""The blueprint's `setup`, in each new worktree."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from workspaces import process
from workspaces.transcript import Listener

_LIMIT = 1800.0
"""Seconds one setup line may take."""


class NotPreparedError(Exception):
    """A setup line did not work. The text says which and how it ended."""


def shell(line: str) -> list[str]:
    """The argv that runs one of the blueprint's shell lines."""
    return ["bash", "-euo", "pipefail", "-c", line]


def prepare(
    folder: Path,
    setup: Sequence[str],
    *,
    stop: threading.Event | None = None,
    transcript: Path | None = None,
    listener: Listener | None = None,
) -> None:
    """Run each line of `setup` in `folder`, in order; raises NotPreparedError at the first that fails."""
    for line in setup:
        finished = process.run(
            shell(line),
            cwd=folder,
            timeout=_LIMIT,
            stop=stop,
            transcript=transcript,
            listener=listener,
            contained=True,
        )
        if not finished.ok:
            ending = f"exit code {finished.exit_code}" if finished.exit_code is not None else finished.ended.value
            raise NotPreparedError(f"setup `{line}` did not work ({ending}): {finished.output.strip()[-500:]}")
