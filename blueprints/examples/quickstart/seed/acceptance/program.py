"""Runs pennies as its users do: as a program, each book in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path


class ProgramTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def environment(self, book: str) -> dict[str, str]:
        return {**os.environ, "PENNIES_BOOK": str(self.folder / f"{book}.db")}

    def pennies(self, *arguments: str, book: str = "mine", status: int = 0) -> str:
        """What the command prints; it must end with `status`."""
        done = subprocess.run(
            [sys.executable, "-m", "pennies", *arguments],
            env=self.environment(book),
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr
