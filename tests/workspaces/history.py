"""Commits made by the dozen, with modes that a checkout may not have; one process makes them all."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from workspaces.process import environment

Content = bytes | tuple[str, bytes] | None
"""Of a file; with its mode (`160000` and a commit's name for a submodule); None for one that is deleted."""
Files = Mapping[str, Content]


class History:
    """A new repository, filled commit by commit and then written."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._stream: list[bytes] = []
        self._count = 0

    def commit(self, files: Files, *, on: int | None = None) -> int:
        """Add a commit; its number."""
        self._count += 1
        lines = [f"commit refs/heads/c{self._count}\nmark :{self._count}\n".encode()]
        lines.append(b"committer Owner <owner@localhost> 0 +0000\ndata 0\n")
        lines += [f"from :{on}\n".encode()] if on else []
        self._stream += [*lines, *(_change(path, content) for path, content in files.items()), b"\n"]
        return self._count

    def write(self) -> list[str]:
        """Make the repository; the names of all commits, that of number 1 first."""
        subprocess.run(["git", "init", "-q", "-b", "main", str(self.repo)], env=environment(), check=True)
        marks = self.repo / ".git" / "marks"
        argv = ["git", "-C", str(self.repo), "fast-import", "--quiet", f"--export-marks={marks}"]
        subprocess.run(argv, env=environment(), check=True, input=b"".join(self._stream))
        pairs = (line.split() for line in marks.read_text().splitlines())
        names = {int(mark.removeprefix(":")): name for mark, name in pairs}
        return [names[number] for number in range(1, self._count + 1)]


def _change(path: str, content: Content) -> bytes:
    if content is None:
        return f"D {path}\n".encode()
    mode, text = content if isinstance(content, tuple) else ("100644", content)
    if mode == "160000":
        return b"M 160000 %s %s\n" % (text, path.encode())
    return f"M {mode} inline {path}\ndata {len(text)}\n".encode() + text + b"\n"
