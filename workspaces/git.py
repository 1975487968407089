"""Git, a verb per function. `repo` is any checkout of the repository, absolute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workspaces.git_command import GitError, agent_environment, answer, fields, git
from workspaces.repository import Repository, repository

__all__ = ["GitError", "Repository", "agent_environment", "repository"]  # and the verbs below
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git knows it in every repository


@dataclass(frozen=True)
class Status:
    """A checkout at one moment. Paths are relative to its top."""

    head: str | None  # None: unborn
    branch: str | None  # None: detached
    changed: tuple[str, ...]  # tracked, staged or not
    untracked: tuple[str, ...]  # ignored ones excluded
    unmerged: tuple[str, ...]

    @property
    def dirty(self) -> tuple[str, ...]:
        return (*self.unmerged, *self.changed, *self.untracked)


@dataclass(frozen=True)
class RefChange:
    """A reference and what it shall become."""

    ref: str
    new: str | None  # None: deleted
    old: str | None = None  # what it must be now; "" means that it must not exist, None that it does not matter


@dataclass(frozen=True)
class Change:
    """One path in the difference between two commits; "" stands for a side that does not have it."""

    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str


Changes = Mapping[str, Change]  # by path


@dataclass(frozen=True)
class MergeResult:
    """What git makes of two commits. With conflicts the tree holds files with markers."""

    clean: bool
    tree: str
    conflicts: tuple[str, ...]
    messages: tuple[str, ...]


def resolve(repo: Path, name: str) -> str | None:
    """The commit that a name means, if any."""
    found = git(repo, "rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}", fine=(0, 1, 128))
    return found.output.strip() or None


def resolve_branch(repo: Path, branch: str) -> str | None:
    """The commit of a local branch, and of nothing else that has its name."""
    return resolve(repo, f"refs/heads/{branch}")


def head(worktree: Path) -> str:
    return answer(worktree, "rev-parse", "--verify", "HEAD^{commit}")


_TREES: dict[str, str] = {}
"""Trees of commits seen before; a commit's never changes, in whatever repository it is."""


def tree_of(repo: Path, commit: str) -> str:
    """The tree of a commit, given by its full name."""
    if commit not in _TREES:
        _TREES[commit] = answer(repo, "rev-parse", "--verify", f"{commit}^{{tree}}")
    return _TREES[commit]


def parents_of(repo: Path, commit: str) -> list[str]:
    return answer(repo, "rev-parse", f"{commit}^@").split()


def is_ancestor(repo: Path, ancestor: str, commit: str) -> bool:
    return git(repo, "merge-base", "--is-ancestor", ancestor, commit, fine=(0, 1)).exit_code == 0


def merge_base(repo: Path, ours: str, theirs: str) -> str | None:
    """One common ancestor, None for unrelated histories."""
    return git(repo, "merge-base", ours, theirs, fine=(0, 1)).output.strip() or None


def refs(repo: Path, prefix: str) -> dict[str, str]:
    """References under a prefix such as `refs/missions/x` (whole path elements) and their objects."""
    lines = answer(repo, "for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
    return {ref: sha for sha, _, ref in (line.partition(" ") for line in lines)}


def update_refs(repo: Path, changes: Iterable[RefChange]) -> None:
    """All of the changes or none; GitError when one of the old values is not what it must be."""
    git(repo, "update-ref", "--stdin", stdin="".join(map(_ref_line, changes)))


def update_ref(repo: Path, ref: str, commit: str, *, old: str | None = None) -> None:
    """Create or move a reference. `old` as in `RefChange`."""
    update_refs(repo, [RefChange(ref, commit, old)])


def delete_ref(repo: Path, ref: str, *, old: str | None = None) -> None:
    """Delete a reference; one that does not exist is fine unless `old` is given."""
    update_refs(repo, [RefChange(ref, None, old)])


def _ref_line(change: RefChange) -> str:
    verb = "create" if change.new and change.old == "" else "update" if change.new else "delete"
    return " ".join(filter(None, (verb, change.ref, change.new, change.old))) + "\n"


def status(worktree: Path) -> Status:
    """What differs from HEAD."""
    words = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--no-renames")
    entries = fields(worktree, *words)
    about = dict(entry.split(" ", 2)[1:] for entry in entries if entry.startswith("# "))
    return Status(
        head=None if about["branch.oid"] == "(initial)" else about["branch.oid"],
        branch=None if about["branch.head"] == "(detached)" else about["branch.head"],
        changed=tuple(entry.split(" ", 8)[8] for entry in entries if entry.startswith("1 ")),
        untracked=tuple(entry[2:] for entry in entries if entry.startswith("? ")),
        unmerged=tuple(entry.split(" ", 10)[10] for entry in entries if entry.startswith("u ")),
    )


def stage_all(worktree: Path, *, leaving: Mapping[str, str] | None = None) -> None:
    """Stage everything that is not ignored, except `leaving`: paths that are still these objects.

    An `index.lock` in the way belongs to a process that is dead: the engine stages only in workspaces whose
    agent has ended, and with it all that the agent started.
    """
    try:
        git(worktree, "add", "-A")
    except GitError:
        lock = worktree / answer(worktree, "rev-parse", "--git-path", "index.lock")
        if not lock.exists():
            raise
        lock.unlink()
        git(worktree, "add", "-A")
    if leaving:
        now = changes(worktree, "HEAD", write_tree(worktree))
        _unstage(worktree, [path for path, change in now.items() if leaving.get(path) == change.new_blob])


def _unstage(worktree: Path, paths: Sequence[str]) -> None:
    if paths:
        words = ("reset", "-q", "--pathspec-from-file=-", "--pathspec-file-nul", "HEAD")
        git(worktree, "--literal-pathspecs", *words, stdin="\0".join(paths))


def leftovers(worktree: Path) -> Mapping[str, str]:
    """What differs from HEAD and is not ignored: path and object ("" where it was deleted)."""
    stage_all(worktree)
    found = {path: change.new_blob for path, change in changes(worktree, "HEAD", write_tree(worktree)).items()}
    _unstage(worktree, list(found))
    return found


def snapshot(
    worktree: Path, message: str, *, parent: str | None = None, leaving: Mapping[str, str] | None = None
) -> str:
    """A commit of all that the checkout holds, on top of `parent`, which is its HEAD; the same if nothing differs.

    No reference moves, whatever HEAD is on. `leaving`: see `stage_all`.
    """
    stage_all(worktree, leaving=leaving)
    parent, tree = parent or head(worktree), write_tree(worktree)
    return parent if tree == tree_of(worktree, parent) else commit_tree(worktree, tree, [parent], message)


def write_tree(worktree: Path) -> str:
    """The tree of what is staged."""
    return answer(worktree, "write-tree")


def commit_tree(repo: Path, tree: str, parents: Sequence[str], message: str) -> str:
    """A commit made of its parts; no checkout and no reference changes."""
    options = [word for parent in parents for word in ("-p", parent)]
    commit = answer(repo, "commit-tree", tree, *options, "-F", "-", stdin=f"{message.rstrip()}\n")
    _TREES[commit] = tree
    return commit


def changed_paths(repo: Path, base: str, commit: str, patterns: Sequence[str] | None = None) -> list[str]:
    """What differs between two commits; a rename is a deletion and an addition. `patterns` as in `changes`."""
    return list(changes(repo, base, commit, patterns))


def changes(repo: Path, base: str, commit: str, patterns: Sequence[str] | None = None) -> Changes:
    """Path by path, what differs between two commits or trees; of paths that match one of `patterns`, if given.

    Patterns are git's globs: `*` stays within a folder, `**` does not. GitError for one that leaves the repository.
    """
    if patterns is not None and not patterns:
        return {}  # to git, no pattern at all means everything
    words = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, commit, "--")
    found = fields(repo, *words, *_globs(patterns or ()))
    return {path: _change(raw) for raw, path in zip(found[::2], found[1::2], strict=True)}


def _change(raw: str) -> Change:
    old_mode, new_mode, old_blob, new_blob, _ = raw.removeprefix(":").split(" ")
    there = {"old": old_mode != "000000", "new": new_mode != "000000"}
    return Change(
        old_mode=old_mode if there["old"] else "",
        new_mode=new_mode if there["new"] else "",
        old_blob=old_blob if there["old"] else "",
        new_blob=new_blob if there["new"] else "",
    )


def diff_of_blobs(repo: Path, old: str, new: str) -> bytes:
    """The difference between two contents as a patch without context."""
    return git(repo, "diff", *_PLAIN, "--text", "-U0", old, new).output.encode(errors="surrogateescape")


def blob_at(repo: Path, commit: str, path: str) -> str | None:
    """The object of a path in a commit."""
    found = fields(repo, "--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path)
    return found[0].partition("\t")[0].split()[2] if found else None


def read_blob(repo: Path, blob: str) -> bytes:
    return git(repo, "cat-file", "blob", blob).output.encode(errors="surrogateescape")


def merge_tree(repo: Path, ours: str, theirs: str) -> MergeResult:
    """Merge two commits without a checkout."""
    words = ("merge-tree", "--write-tree", "-z", "--name-only", ours, theirs)
    merged = git(repo, *words, fine=(0, 1))
    tree, *rest = merged.output.split("\0")
    end = rest.index("") if "" in rest else len(rest)
    paths = tuple(dict.fromkeys(rest[:end]))
    return MergeResult(merged.exit_code == 0, tree, paths, tuple(_messages(rest[end + 1 :])))


def _messages(words: Sequence[str]) -> Iterable[str]:
    while len(words) > 1:
        count = int(words[0])
        kind, text = words[count + 1 : count + 3]
        if kind != "Auto-merging":
            yield text.strip()
        words = words[count + 3 :]


def clone(url: str, folder: Path, *, branch: str | None = None) -> None:
    """Clone into a folder that does not exist yet, without prompts."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    words = ["clone", "-q", *(["--branch", branch] if branch else []), "--", url, str(folder)]
    git(folder.parent, *words, env=("SSH_AUTH_SOCK", "SSH_AGENT_PID"))


def files_at(repo: Path, commit: str, patterns: Sequence[str] | None = None) -> Changes:
    """Everything a commit holds, as a change from nothing. `patterns` as in `changes`."""
    return changes(repo, EMPTY_TREE, commit, patterns)


def tracked(checkout: Path, patterns: Sequence[str]) -> list[str]:
    """Paths that the checkout tracks now and that match one of the patterns (as in `changes`)."""
    return fields(checkout, "ls-files", "-z", "--", *_globs(patterns)) if patterns else []


def put_back(checkout: Path, commit: str, paths: Sequence[str]) -> None:
    """Make these paths as they are in a commit, which may be: gone. Each is in the commit or tracked now.

    Nothing is written through a link, and what is staged stays. A file with the size and date that git
    remembers counts as unchanged.
    """
    words = ("restore", f"--source={commit}", "--worktree", "--no-overlay", "--ignore-skip-worktree-bits")
    named = ("--pathspec-from-file=-", "--pathspec-file-nul")
    if paths:
        git(checkout, "--literal-pathspecs", *words, *named, stdin="\0".join(paths))


def missing(repo: Path, objects: Iterable[str]) -> set[str]:
    """Those of the objects, by their full names, that the repository does not hold."""
    wanted = "".join(f"{name}\n" for name in dict.fromkeys(objects))
    lines = answer(repo, "cat-file", "--batch-check", stdin=wanted).splitlines() if wanted else []
    return {name for name, _, about in (line.partition(" ") for line in lines) if about == "missing"}


def read_blobs(repo: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    """Content by object, with one command for all of them; those that are not here are left out."""
    wanted = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs))
    rest = git(repo, "cat-file", "--batch", stdin=wanted).output.encode(errors="surrogateescape")
    found, place = dict[str, bytes](), 0
    while place < len(rest):
        begin = rest.index(b"\n", place) + 1
        name, *about = rest[place:begin].decode().split()
        end = begin + int(about[1]) if len(about) == 2 else begin - 1  # `<name> missing` has no content
        if len(about) == 2:
            found[name] = rest[begin:end]
        place = end + 1
    return found


def _globs(patterns: Sequence[str]) -> list[str]:
    return [f":(glob){pattern}" for pattern in patterns]
