"""May a commit lose its reference? Only when a branch has it, or has all that it changed.

Ancestry proves nothing once a result was squashed. Then every commit that would be lost is merged into the branch
without a checkout: when that is clean and changes nothing, whatever the commit changed is there already. A merge
driver may answer anything, so each counts as a conflict. Replaced objects do not count: housekeeping of git
looks through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from workspaces.git import resolve_branch
from workspaces.git_command import answer, git

_AS_STORED = "--no-replace-objects"


class Reference(NamedTuple):
    """A reference and the object that it leads to."""

    target: str
    type: str
    name: str


@dataclass(frozen=True)
class Fate:
    """Whether a reference can go, and why."""

    goes: bool
    why: str


@dataclass(frozen=True)
class Branches:
    """The branches that may have what others have made, as they are now."""

    repo: Path
    tips: Mapping[str, str]

    @classmethod
    def of(cls, repo: Path, *names: str) -> Branches:
        """Those of the named branches that are there."""
        found = {name: resolve_branch(repo, name) for name in names}
        return cls(repo, {name: tip for name, tip in found.items() if tip})

    def have(self, commit: str) -> bool:
        """Whether nothing of the commit would be lost without a reference of its own."""
        return bool(self.tips) and None not in self._having(commit)

    def fates(self, prefix: str, *, by_content: bool) -> Mapping[Reference, Fate]:
        """What may happen to the references under a prefix; content proves nothing when the commits are needed."""
        within = {ref: name for name, tip in self.tips.items() for ref in self._references(prefix, f"--merged={tip}")}
        return {ref: self._fate(ref, within.get(ref), by_content=by_content) for ref in self._references(prefix)}

    def release(self, references: Iterable[Reference]) -> None:
        """Delete the references, if they and the branches still are what they were; GitError otherwise."""
        unmoved = [f"verify refs/heads/{name} {tip}\n" for name, tip in self.tips.items()]
        gone = [f"delete {ref.name} {ref.target}\n" for ref in references]
        # A symbolic reference goes itself, and not the branch that it names.
        git(self.repo, "update-ref", "--no-deref", "--stdin", stdin="".join([*unmoved, *gone]))

    def _fate(self, ref: Reference, within: str | None, *, by_content: bool) -> Fate:
        if ref.type != "commit":
            return Fate(False, "it leads to no commit")
        if not self.tips:
            return Fate(False, "neither the result's branch nor the base branch is there to compare with")
        if within:
            return Fate(True, f"it is in the history of {within}")
        if not by_content:
            return Fate(False, f"it is not in the history of {' or '.join(self.tips)}, and a resume may need it")
        having = list(self._having(ref.target))
        if None in having:
            return Fate(False, f"what it changed is not proven to be in {' or '.join(self.tips)}")
        return Fate(True, f"all that it changed is in {' and '.join(dict.fromkeys(filter(None, having)))}")

    def _references(self, prefix: str, *words: str) -> list[Reference]:
        form = "--format=%(objectname) %(objecttype) %(refname)"
        lines = answer(self.repo, _AS_STORED, "for-each-ref", form, *words, prefix).splitlines()
        return [Reference(*line.split(" ", 2)) for line in lines]

    def _having(self, commit: str) -> Iterator[str | None]:
        """The branch that has its content, for each commit that is in none; nothing after the first that is lost."""
        words = (_AS_STORED, "rev-list", commit, "--not", *self.tips.values())
        for beyond in answer(self.repo, *words).split():
            name = next((name for name, tip in self.tips.items() if self._contains(tip, beyond)), None)
            yield name
            if name is None:
                return

    def _contains(self, tip: str, commit: str) -> bool:
        if self._drivers is None:
            return False
        config = [*(f"merge.{name}.driver=false" for name in self._drivers), "merge.renormalize=false"]
        words = (_AS_STORED, "merge-tree", "--write-tree", "--no-messages", tip, commit)
        merged = git(self.repo, *words, config=config, fine=(0, 1, 128))  # 128: nothing in common
        return merged.ok and merged.output.strip() == answer(self.repo, _AS_STORED, "rev-parse", f"{tip}^{{tree}}")

    @cached_property
    def _drivers(self) -> list[str] | None:
        """Merge drivers by name; None when one cannot be disarmed."""
        words = ("config", "-z", "--name-only", "--get-regexp", r"^merge\..*\.driver$")
        keys = git(self.repo, *words, fine=(0, 1)).output.split("\0")
        names = [key.removeprefix("merge.").removesuffix(".driver") for key in filter(None, keys)]
        return None if any("=" in name or "\n" in name for name in names) else [*names, "union"]
