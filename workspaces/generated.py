"""Conflicts in generated and in list-like files, settled by rule: made anew by their own tool, or both sides' lines."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blueprints.schema import MergeRule
from workspaces import git, process
from workspaces.conflicts import REGULAR, Conflicts, Contested, conflicts_between
from workspaces.git_command import fields
from workspaces.git_command import git as run_git
from workspaces.merge_rules import WELL_KNOWN, Applied, Ruled, rules_for
from workspaces.preparation import shell
from workspaces.resolution import ABSENT, Entry
from workspaces.trees import with_entries
from workspaces.union import union_of
from workspaces.worktree import Workspace, is_intact

_LIMIT = 900.0
"""Seconds one command may take."""


@dataclass(frozen=True)
class Regenerated:
    """A merge in which rules settled the conflicts."""

    tree: str
    how: dict[str, str] = field(default_factory=dict[str, str])
    """Each path that a rule settled: the command that made it, `union` or `sort`."""


def unite(
    repo: Path, ours: str, theirs: str, rules: Sequence[MergeRule], *, rest: str | None = None
) -> Regenerated | str:
    """The merge of two commits by rules that need no checkout, or the reason why they do not settle it.

    `rest` is a tree in which the paths that have no rule are merged already; without it they are in the way.
    """
    merged = conflicts_between(repo, ours, theirs)
    ruled = rules_for(repo, merged, rules)
    if first := next((each for each in ruled.applied if each.rule.run), None):
        return f"`{first.paths[0]}` is made anew by `{first.rule.run}`, in a checkout"
    return _before_commands(repo, merged, ruled, rest)


def regenerate(
    workspace: Workspace,
    conflict_paths: Sequence[str],
    rules: Sequence[MergeRule],
    *,
    stop: threading.Event | None = None,
    rest: str | None = None,
) -> Regenerated | str:
    """The merge that is begun in a workspace (`merge.start_conflict`), by rules; or why they do not settle it.

    Everything else is merged first; a file that is made anew is taken from `ours` (`theirs`, where ours has none),
    and then its command runs. Only what the rules of `conflict_paths` name comes into the tree. `rest` as in `unite`.
    """
    theirs = git.resolve(workspace.path, "MERGE_HEAD")
    if theirs is None:
        return "no merge is begun in the workspace"
    merged = conflicts_between(workspace.repo, workspace.base, theirs)
    wanted = Conflicts(merged.tree, tuple(each for each in merged.contested if each.path in conflict_paths))
    if others := [path for path in merged.paths if path not in conflict_paths and rest is None]:
        return f"`{others[0]}` is in conflict too"
    ruled = rules_for(workspace.repo, wanted, rules)
    settled = _before_commands(workspace.repo, wanted, ruled, rest)
    return settled if isinstance(settled, str) else _run_commands(workspace, ruled, settled, stop)


def _before_commands(repo: Path, merged: Conflicts, ruled: Ruled, rest: str | None) -> Regenerated | str:
    """Lists are united; what is to be made anew is as one side had it."""
    if ruled.unruled and (rest is None or not ruled.applied):
        return "; ".join(reason for _, reason in sorted(ruled.unruled.items()))
    contested, entries = {each.path: each for each in merged.contested}, dict[str, Entry]()
    for applied in ruled.applied:
        for path in applied.paths:
            entry = _entry(repo, contested[path], applied.rule)
            if entry is None:
                why = "in conflict by its lines" if applied.rule.is_list else "a regular file in all versions"
                return f"`{path}` is not {why}: no rule can settle it"
            entries[path] = entry
    how = {path: applied.name for applied in ruled.applied for path in applied.paths}
    return Regenerated(with_entries(repo, rest or merged.tree, entries), how)


def _entry(repo: Path, contested: Contested, rule: MergeRule) -> Entry | None:
    if rule.is_list:
        return union_of(repo, contested, theirs_first=False, sort=rule.sort)
    regular = all(mode in (*REGULAR, "") for mode, _ in contested.versions)
    return next((entry for entry in (contested.ours, contested.theirs) if entry != ABSENT), ABSENT) if regular else None


def _run_commands(
    workspace: Workspace, ruled: Ruled, settled: Regenerated, stop: threading.Event | None
) -> Regenerated | str:
    run_git(workspace.path, "read-tree", "--reset", "-u", settled.tree)
    commanded = [applied for applied in ruled.applied if applied.rule.run]
    for applied in commanded:
        if reason := _run(workspace, applied, stop):
            return reason
    if not is_intact(workspace):
        return "a command damaged the workspace: it is no longer a worktree of the repository"
    made = {path for applied in commanded for path in _named(workspace.path, applied)}
    return Regenerated(_with(workspace, settled.tree, made), settled.how)


def _run(workspace: Workspace, applied: Applied, stop: threading.Event | None) -> str | None:
    line = applied.rule.run or ""
    folder = workspace.path / PurePosixPath(applied.folder)
    finished = process.run(shell(line), cwd=folder, timeout=_LIMIT, stop=stop, contained=True)
    if finished.ok:
        return None
    ending = f"exit code {finished.exit_code}" if finished.exit_code is not None else finished.ended.value
    said = finished.output.strip()[-500:] or finished.error
    return f"`{line}`, which makes `{applied.paths[0]}` anew, did not work ({ending}): {said}"


def _named(checkout: Path, applied: Applied) -> set[str]:
    """What a rule is about: the paths in conflict, and for one of the blueprint's whatever matches its patterns."""
    if applied.rule in WELL_KNOWN:
        return set(applied.paths)
    globs = [f":(glob){pattern}" for pattern in applied.rule.paths]
    known = fields(checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *globs)
    return {*applied.paths, *known}


def _with(workspace: Workspace, tree: str, paths: set[str]) -> str:
    """The tree with these paths as they are in the checkout, or gone."""
    names = "".join(f"{path}\0" for path in sorted(paths))
    run_git(workspace.path, "update-index", "--add", "--remove", "-z", "--stdin", stdin=names)
    changes = git.changes(workspace.repo, tree, git.write_tree(workspace.path))
    entries = {path: (change.new_mode, change.new_blob) for path, change in changes.items() if path in paths}
    return with_entries(workspace.repo, tree, entries)
