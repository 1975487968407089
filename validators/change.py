"""A feature's work, as somebody reads it who reviews it: the change, and what its author says."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.handoff import Handoff
from ledger.events import Event, Kind
from workspaces import git
from workspaces.git_command import git as run_git
from workspaces.mission import Mission

LIMIT = 100_000
"""Characters of each of the two diffs; what does not fit is named instead."""
_NAMED = 50
_BATCH = 200
_WORDS = ("diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short")
_NOW = "# As it is now in the milestone, where other features and repairs changed the same files\n\n"


@dataclass(frozen=True)
class Work:
    """What became of one feature."""

    mission: Mission
    feature: str
    commit: str
    milestone_base: str

    @property
    def base(self) -> str:
        """What the feature started from: its needs are in it already, and not part of its change."""
        started = [
            event for event in self._events(Kind.WORKER_STARTED) if event.data["workerSessionId"] == self.session
        ]
        return str(started[-1].data["base"]) if started else self.milestone_base

    @property
    def session(self) -> str:
        """The attempt that made the commit; empty when the ledger knows of none."""
        made = [e for e in self._events(Kind.WORKER_COMPLETED) if e.data.get("commitId") == self.commit]
        return str(made[-1].data["workerSessionId"]) if made else ""

    def _events(self, kind: Kind) -> list[Event]:
        events = [event for event in list(self.mission.ledger.events) if event.kind is kind]
        return [e for e in events if e.data["role"] == "worker" and e.data["featureId"] == self.feature]

    def diff(self, now: str) -> str:
        """The feature's own change; and the state of its files in `now`, where that is not as the feature left it."""
        root, own = self.mission.root, self.own()
        touched = git.changed_paths(root, self.base, self.commit)
        later = set(git.changed_paths(root, self.commit, now)).intersection(touched)
        if not later:
            return own
        return f"{own}\n\n{_NOW}{_bounded(_diff(root, self.milestone_base, now, sorted(later)))}"

    def own(self) -> str:
        """The feature's own change."""
        root, base = self.mission.root, self.base
        touched = git.changed_paths(root, base, self.commit)
        return _bounded(_diff(root, base, self.commit, touched)) or "It changed nothing."

    def claim(self) -> str:
        """What the worker says in its handoff that it did and ran; empty when it says nothing."""
        file = self.mission.folder.handoff(self.session) if self.session else None
        known: dict[str, Any] = json.loads(file.read_bytes()) if file and file.exists() else {}
        if "salientSummary" not in known:
            return ""
        handoff = Handoff.model_validate(known)
        ran = [f"- `{c.command}`: exit code {c.exit_code} {c.observation}" for c in handoff.verification.commands_run]
        return "\n".join([handoff.salient_summary, *(["", "Commands it says it ran:", *ran] if ran else [])])


def _diff(repo: Path, base: str, commit: str, paths: Sequence[str]) -> str:
    """Of these paths, so many at a time as a command line holds."""
    words = ("--literal-pathspecs", *_WORDS, "--src-prefix=a/", "--dst-prefix=b/", base, commit, "--")
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    said = "".join(run_git(repo, *words, *batch).output for batch in batches)
    return said.encode(errors="surrogateescape").decode(errors="replace")


def _bounded(diff: str) -> str:
    """As many files' parts as there is room for; the others are named."""
    kept, left_out, room = list[str](), list[str](), LIMIT
    for part in re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE):
        if len(part) <= room:
            kept.append(part)
            room -= len(part)
        else:
            left_out.append(_path(part))
    if left_out:
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        names = ", ".join(left_out[:_NAMED]) + more
        kept.append(f"\nToo long to be shown here, but changed too; read them in the checkout: {names}\n")
    return "".join(kept)


def _path(part: str) -> str:
    """From `diff --git a/x b/x`, whose halves are the same: there are no renames."""
    names = part.partition("\n")[0].removeprefix("diff --git ")
    return names[: len(names) // 2].strip('"').removeprefix("a/")
