"""What exactly git could not merge: each path's versions, and whether lines of text can settle it.

Which rung of the ladder may settle what; the rest is for an agent:

| both sides                                     | clean          | recorded | generated | union |
|------------------------------------------------|----------------|----------|-----------|-------|
| edit different lines                           | yes            |          |           |       |
| edit the same lines, or add the same path      | no             | yes      | yes       | yes   |
| rename on one side, edits on the other         | at other lines | yes      | yes       | yes   |
| rename to the same name                        | at other lines | yes      | yes       | yes   |
| rename by case only, edits on the other side   | at other lines | yes      | yes       | yes   |
| rename to two names, also by case only         | no             | no       | no        | no    |
| two files renamed to one name                  | no             | yes      | yes       | yes   |
| deletion and edit                              | no             | no       | by `run`  | no    |
| binary content                                 | no             | no       | by `run`  | no    |
| pointer of Git LFS                             | no             | no       | by `run`  | no    |
| file mode and lines on one side, lines on both | no             | yes      | yes       | yes   |
| new file with two modes                        | no             | no       | by `run`  | no    |
| line ends on one side, edits on the other      | no             | yes      | yes       | yes   |
| submodule                                      | no             | no       | no        | no    |
| symbolic link, or link and file                | no             | no       | no        | no    |

A rule that keeps both sides' lines settles what `union` does, and `run` also the rest of its column. A file mode that
one side changed is kept; so are line ends that one side changed, for all lines. Paths that differ only by case are
different files, as they are to git.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workspaces import git
from workspaces.git_command import git as run_git
from workspaces.resolution import ABSENT, Entry

REGULAR = ("100644", "100755")
"""What git calls a file, and one that can be run: neither link nor submodule."""
_OF_LINES = ("CONFLICT (contents)",)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_MARKERS = ("merge.conflictStyle=merge",)  # whatever its owner likes: what is written depends on the commits alone


@dataclass(frozen=True)
class Contested:
    """One path in conflict; ABSENT stands for a version that is not there, or is under another name."""

    path: str
    base: Entry
    ours: Entry
    theirs: Entry
    kinds: tuple[str, ...]
    """git's names for what is wrong."""

    @property
    def versions(self) -> tuple[Entry, Entry, Entry]:
        return self.base, self.ours, self.theirs

    @property
    def mode(self) -> str | None:
        """The file mode with the change of the side that changed it; None when the sides do not agree."""
        base, ours, theirs = (entry[0] for entry in self.versions)
        if ours == theirs:
            return ours
        return {theirs: ours, ours: theirs}.get(base)


@dataclass(frozen=True)
class Conflicts:
    """git's merge of two commits: the tree, with markers in it, and the paths in conflict."""

    tree: str
    contested: tuple[Contested, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(each.path for each in self.contested)


def conflicts_between(repo: Path, ours: str, theirs: str) -> Conflicts:
    """Merge two commits without a checkout, and tell what stands in the way."""
    merged = run_git(repo, "merge-tree", "--write-tree", "-z", ours, theirs, config=_MARKERS, fine=(0, 1))
    tree, *rest = merged.output.split("\0")
    end = rest.index("") if "" in rest else len(rest)
    stages = _stages(rest[:end])
    kinds = _kinds(rest[end + 1 :])
    return Conflicts(tree, tuple(_contested(path, found, kinds) for path, found in sorted(stages.items())))


def texts_of(repo: Path, contested: Contested) -> tuple[bytes, bytes, bytes] | None:
    """Base, ours and theirs as text, for a conflict that is of lines in regular files and of nothing else."""
    regular = all(entry[0] in REGULAR for entry in (contested.ours, contested.theirs))
    if not regular or contested.base[0] not in (*REGULAR, "") or contested.kinds != _OF_LINES or not contested.mode:
        return None
    content = git.read_blobs(repo, [entry[1] for entry in contested.versions if entry != ABSENT])
    base, ours, theirs = (b"" if entry == ABSENT else content[entry[1]] for entry in contested.versions)
    return (base, ours, theirs) if all(map(_is_plain, (base, ours, theirs))) else None


def _is_plain(content: bytes) -> bool:
    return b"\0" not in content[:8000] and not content.startswith(_LFS_POINTER)


def _stages(lines: Sequence[str]) -> dict[str, dict[str, Entry]]:
    found: dict[str, dict[str, Entry]] = {}
    for line in lines:
        about, _, path = line.partition("\t")
        mode, blob, stage = about.split(" ")
        found.setdefault(path, {})[stage] = (mode, blob)
    return found


def _contested(path: str, stages: Mapping[str, Entry], kinds: Sequence[tuple[str, Sequence[str]]]) -> Contested:
    base, ours, theirs = (stages.get(stage, ABSENT) for stage in "123")
    return Contested(path, base, ours, theirs, tuple(kind for kind, paths in kinds if path in paths))


def _kinds(words: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    return [(kind, paths) for kind, paths in _messages(words) if kind != "Auto-merging"]


def _messages(words: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    while len(words) > 1:
        count = int(words[0])
        yield words[count + 1], words[1 : count + 1]
        words = words[count + 3 :]
