"""A run as one commit: its memory as files, its work as parents. So it travels from one machine to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from secrets import token_hex

from pydantic import Field

from blueprints.fields import Value
from ledger.events import Kind, read_events
from ledger.folder import RunFolder
from workspaces import git
from workspaces.git_command import GitError, answer
from workspaces.trees import write_blob
from workspaces.whereabouts import PLACE

MANIFEST = "state.json"
FILES = "run"
STAYS = ("requests", "lock", "owner.json", PLACE)
_REMEMBERED = ("resolutions", "rr-cache")
"""Of the resolutions, these are the memory; the rest is a repository with settings, made anew where it is needed."""
_LARGEST_FILE = 50 << 20
_ALL_TRANSCRIPTS = 100 << 20
_TRIES = 3


class Manifest(Value):
    """What a state says of itself."""

    run: str
    refs: dict[str, str]
    """The run's references and their commits."""
    follows: str | None
    """The state on the remote that it goes on from; None: the first one."""
    blueprint: str = ""
    """Path of the blueprint in the repository, if it is there."""
    left_out: list[str] = Field(default=[])
    """Files that are too large to travel."""


def state_ref(run: str) -> str:
    """Where the state of a run that is not over lies on a remote."""
    return f"refs/missions/{run}/state"


def ended_ref(run: str) -> str:
    """Where the last state of a run lies that is over: nobody takes it up."""
    return f"refs/missions/{run}/ended"


def branch_ref(run: str) -> str:
    return f"refs/heads/mission/{run}"


def record(repo: Path, folder: RunFolder, *, follows: str | None, blueprint: str) -> str:
    """The run as it stands, as a commit that no reference leads to yet. Also while the run goes on.

    The ledger comes first: whatever it says is done is in git already.
    """
    ledger = _whole_lines(folder.ledger)
    own = (state_ref(folder.run), ended_ref(folder.run))
    found = git.refs(repo, f"refs/missions/{folder.run}") | git.refs(repo, branch_ref(folder.run))
    refs = {ref: commit for ref, commit in found.items() if ref not in own}
    blobs, left_out = _stored(repo, folder)
    manifest = Manifest(run=folder.run, refs=refs, follows=follows, blueprint=blueprint, left_out=left_out)
    blobs |= {
        f"{FILES}/{folder.ledger.name}": write_blob(repo, ledger),
        MANIFEST: write_blob(repo, manifest.model_dump_json(indent=1).encode()),
    }
    told = f"State of {folder.run}\n\n{token_hex(8)}"  # so that two who claim the same state never make the same commit
    return git.commit_tree(repo, _tree(repo, blobs), parents(base_of(folder), refs), told)


def base_of(folder: RunFolder) -> str:
    """The commit that the run began from."""
    accepted = next(event for event in read_events(folder.ledger) if event.kind is Kind.MISSION_ACCEPTED)
    return str(accepted.data["base"])


def parents(base: str, refs: Mapping[str, str]) -> list[str]:
    """What the commit of a state stands on: it brings all of them along."""
    return list(dict.fromkeys([base, *(refs[ref] for ref in sorted(refs))]))


def _whole_lines(ledger: Path) -> bytes:
    text = ledger.read_bytes()
    return text[: text.rfind(b"\n") + 1]


def _stored(repo: Path, folder: RunFolder) -> tuple[dict[str, str], list[str]]:
    """Objects of the run folder's files by path, and what is left out. A file may vanish while they are stored."""
    for last in (*[False] * (_TRIES - 1), True):
        files, left_out = _travelling(folder)
        names = "".join(f"{folder.path / file}\n" for file in files)
        try:
            blobs = answer(repo, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).split()
        except GitError:
            if last:
                raise
        else:
            return dict(zip((f"{FILES}/{file}" for file in files), blobs, strict=True)), left_out
    raise AssertionError


def _travelling(folder: RunFolder) -> tuple[list[str], list[str]]:
    """Files of the run folder that go along, and those that are too large; of the transcripts, the latest go."""
    found = {path.relative_to(folder.path).as_posix(): path for path in sorted(folder.path.rglob("*"))}
    found.pop(folder.ledger.name, None)
    chosen = {name: path.lstat() for name, path in found.items() if path.is_file() and _goes(path, folder.path)}
    room, goes = _ALL_TRANSCRIPTS, list[str]()
    for name, file in sorted(chosen.items(), key=lambda each: -each[1].st_mtime_ns):
        spoken = name.startswith("transcripts/")
        if file.st_size <= _LARGEST_FILE and not (spoken and file.st_size > room):
            goes.append(name)
            room -= file.st_size if spoken else 0
    return sorted(goes), sorted(chosen.keys() - set(goes))


def _goes(path: Path, top: Path) -> bool:
    parts = path.relative_to(top).parts
    if path.is_symlink() or parts[0] in STAYS or (parts[0] == _REMEMBERED[0] and parts[:2] != _REMEMBERED):
        return False
    half_written = path.name.startswith(".") and path.name.endswith(".new")
    return not half_written and all(part.isprintable() and part.lower() != ".git" for part in parts)


def _tree(repo: Path, blobs: Mapping[str, str]) -> str:
    """The tree of these files, made folder by folder, the deepest first; git knows neither index nor checkout."""
    entries: dict[PurePosixPath, list[str]] = {}
    for path, blob in blobs.items():
        place = PurePosixPath(path)
        entries.setdefault(place.parent, []).append(f"100644 blob {blob}\t{place.name}\0")
        for folder in place.parents:
            entries.setdefault(folder, [])
    for depth in range(max(len(folder.parts) for folder in entries), -1, -1):
        folders = [folder for folder in entries if len(folder.parts) == depth]
        trees = answer(repo, "mktree", "-z", "--batch", stdin="\0".join("".join(entries[f]) for f in folders)).split()
        for folder, tree in zip(folders, trees, strict=True):
            if depth == 0:
                return tree
            entries[folder.parent].append(f"040000 tree {tree}\t{folder.name}\0")
    raise AssertionError
