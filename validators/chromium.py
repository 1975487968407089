"""Finding a Chromium on this machine: Playwright's own when the user installed it, else the system's."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import playwright

MISSING = "no Chromium was found; install one: `playwright install chromium`, or `apt-get install chromium`"

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_PLAYWRIGHT_S = (  # how Playwright's releases name what they unpack, the whole browser before the headless one
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium_headless_shell-*/chrome-*/headless_shell",
    "chromium_headless_shell-*/chrome-headless-shell-*/chrome-headless-shell",
)


def find() -> Path | None:
    """The Chromium to play in, or None: there is none."""
    return next((path for path in _candidates() if _is_program(path)), None)


def browsers_folder() -> Path:
    """Where `playwright install` puts browsers."""
    match os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        case "0":  # Playwright's word for: beside its driver
            return Path(playwright.__file__).parent / "driver" / "package" / ".local-browsers"
        case None | "":
            return _cache_folder() / "ms-playwright"
        case folder:
            return Path(folder).absolute()


def _candidates() -> Iterator[Path]:
    for pattern in _PLAYWRIGHT_S:
        yield from sorted(browsers_folder().glob(pattern), key=_revision, reverse=True)
    for command in _COMMANDS:
        if found := shutil.which(command):
            yield Path(found).absolute()
    yield from map(Path, _APPLICATIONS)


def _revision(path: Path) -> int:
    """The number in Playwright's `chromium-1187`; of the browsers installed the newest is taken."""
    return max(int(number) for number in re.findall(r"chromium\w*-(\d+)", f"chromium-0 {path}"))


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
