"""Resolutions of a run, remembered hunk by hunk: a conflict that was settled once is not settled again.

git's own `rerere` remembers them, in a repository of its own in the run folder; the user's gets nothing. It knows a
conflict by the lines of both sides, in whatever file, at whatever line and in whatever order of the sides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workspaces import git
from workspaces.conflicts import REGULAR, Conflicts, Contested, conflicts_between, texts_of
from workspaces.git_command import git as run_git
from workspaces.resolution import ABSENT, Entry
from workspaces.trees import entries_at, with_entries, write_blob
from workspaces.worktree import git_directory, lock

_FOLDER = "resolutions"
_SWITCHES = ("rerere.enabled=true", "rerere.autoUpdate=false", "merge.conflictStyle=merge")
_OF_THE_CONFLICT_BEFORE = ("index", "index.lock", "MERGE_RR", "MERGE_RR.lock")


def record(repo: Path, run_folder: Path, ours: str, theirs: str, tree: str) -> None:
    """Remember how `tree`, which was accepted, settles the conflicts of lines between two commits.

    It takes the place of what was remembered of the same conflicts before.
    """
    merged = conflicts_between(repo, ours, theirs)
    resolved = entries_at(repo, tree, merged.paths)
    of_lines = [c for c in merged.contested if _is_file(resolved.get(c.path, ABSENT)) and texts_of(repo, c)]
    if of_lines:
        with _memory(repo, run_folder) as memory:
            known = memory.meet(merged, of_lines)
            memory.learn(known, [git.read_blob(repo, resolved[c.path][1]) for c in of_lines])


def recall(repo: Path, run_folder: Path, ours: str, theirs: str) -> str | None:
    """The tree in which each conflict between two commits is settled as it was before; None unless all are known."""
    merged = conflicts_between(repo, ours, theirs)
    unknown = not merged.contested or not (run_folder / _FOLDER).exists()
    if unknown or not all(texts_of(repo, contested) for contested in merged.contested):
        return None
    with _memory(repo, run_folder) as memory:
        known = memory.meet(merged, merged.contested)
    entries: dict[str, Entry] = {}
    for contested, content in zip(merged.contested, known, strict=True):
        if content is None or contested.mode is None:
            return None
        entries[contested.path] = (contested.mode, write_blob(repo, content))
    return with_entries(repo, merged.tree, entries)


def _is_file(entry: Entry) -> bool:
    return entry[0] in REGULAR


@contextmanager
def _memory(repo: Path, run_folder: Path) -> Generator[_Memory]:
    """The run's memory, alone with it: it knows one conflict at a time."""
    folder = run_folder / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder), tempfile.TemporaryDirectory() as checkout:
        if not (folder / "HEAD").exists():
            run_git(folder, "init", "-q", "--bare", "--template=", str(folder))
        objects = git_directory(repo).resolve() / "objects"
        (folder / "objects" / "info").mkdir(exist_ok=True)
        (folder / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        yield _Memory(repo, folder, Path(checkout))


@dataclass(frozen=True)
class _Memory:
    """Files in conflict by number: to `rerere`, a name means nothing."""

    repo: Path
    folder: Path
    checkout: Path

    def meet(self, merged: Conflicts, contested: Sequence[Contested]) -> list[bytes | None]:
        """Show it conflicts as git left them; what it knows of each."""
        for name in _OF_THE_CONFLICT_BEFORE:
            (self.folder / name).unlink(missing_ok=True)
        stages = "".join(_stages(str(number), each) for number, each in enumerate(contested))
        self._git("update-index", "-z", "--index-info", stdin=stages)
        entries = entries_at(self.repo, merged.tree, [each.path for each in contested])
        shown = [git.read_blob(self.repo, entries[each.path][1]) for each in contested]
        self._write(dict(enumerate(shown)))
        self._git("rerere")
        now = [(self.checkout / str(number)).read_bytes() for number in range(len(shown))]
        return [None if content == conflict else content for content, conflict in zip(now, shown, strict=True)]

    def learn(self, known: Sequence[bytes | None], resolved: Sequence[bytes]) -> None:
        """Make it remember how the conflicts it just met were settled."""
        pairs = enumerate(zip(known, resolved, strict=True))
        new = {number: content for number, (old, content) in pairs if old != content}
        for number in new:
            if known[number] is not None:
                self._git("rerere", "forget", str(number))
        self._write(new)
        self._git("rerere")

    def _write(self, contents: dict[int, bytes]) -> None:
        for number, content in contents.items():
            (self.checkout / str(number)).write_bytes(content)

    def _git(self, *words: str, stdin: str | None = None) -> None:
        places = (f"--git-dir={self.folder}", f"--work-tree={self.checkout}")
        run_git(self.checkout, *places, *words, config=_SWITCHES, stdin=stdin)


def _stages(name: str, contested: Contested) -> str:
    entries = enumerate(contested.versions, 1)
    return "".join(f"{mode} {blob} {stage}\t{name}\0" for stage, (mode, blob) in entries if mode)
