"""The coding agents' own programs. Without a folder of them there is nothing to collect: see `make test-agents`."""

from __future__ import annotations

import os
import shutil

from tests.flows.conftest import new_missions

__all__ = ["new_missions"]

FOLDER = os.environ.get("MISSION_TEST_PROGRAMS")
NAMES = {"claude-code": "claude", "codex": "codex", "opencode": "opencode", "gemini": "gemini", "droid": "droid"}
PROGRAMS = {kind: found for kind, name in NAMES.items() if FOLDER and (found := shutil.which(name, path=FOLDER))}
"""Kind to its program, for those that are in the folder."""

collect_ignore_glob = [] if PROGRAMS else ["test_*.py"]
