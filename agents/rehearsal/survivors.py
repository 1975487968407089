"""What is still alive of all that a rehearsal started."""

from __future__ import annotations

import os
from pathlib import Path

import psutil


def survivors(place: Path) -> list[str]:
    """The processes, as `id name`, that have the folder in their arguments or their environment."""
    return [f"{process.pid} {process.name()}" for process in psutil.process_iter() if _belongs(process, f"{place}/")]


def _belongs(process: psutil.Process, place: str) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = [*process.cmdline(), *process.environ().values()]
    except (psutil.Error, OSError):  # it has just ended, or is somebody else's
        return False
    return any(place in word for word in words)
