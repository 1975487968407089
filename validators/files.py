"""`kind: files`: which files the commit has, whatever lies in the checkout besides."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import FilesCheck
from validators.base import Bench, Observation
from validators.paths import refused, some
from workspaces import git

_LONGEST_REASON = 4000


@dataclass(frozen=True)
class FilesValidator:
    check: FilesCheck

    def look(self, bench: Bench) -> Observation:
        try:
            return self._judge(bench)
        except git.GitError as error:
            return refused(error)

    def _judge(self, bench: Bench) -> Observation:
        files = git.files_at(bench.checkout, bench.commit)
        if not files:
            return Observation.inconclusive("the commit has no files, so there was nothing to look at")
        wrong = [*self._missing(bench), *self._unwanted(bench), *self._changed(bench)]
        unprovable = self._without_base(bench)
        if wrong:
            return Observation.failed("; ".join([*wrong, *unprovable])[:_LONGEST_REASON])
        if unprovable:
            return Observation.inconclusive("; ".join(unprovable)[:_LONGEST_REASON])
        return Observation.passed(f"all is as it should be among {len(files)} tracked file{'s' * (len(files) != 1)}")

    def _missing(self, bench: Bench) -> list[str]:
        there = {pattern: git.files_at(bench.checkout, bench.commit, [pattern]) for pattern in self.check.exist}
        return [f"no tracked file matches '{pattern}'" for pattern, files in there.items() if not files]

    def _unwanted(self, bench: Bench) -> list[str]:
        there = {pattern: list(git.files_at(bench.checkout, bench.commit, [pattern])) for pattern in self.check.absent}
        return [
            f"'{pattern}' should match nothing, but there is {some(paths)}" for pattern, paths in there.items() if paths
        ]

    def _changed(self, bench: Bench) -> list[str]:
        sides = (bench.checkout, bench.base, bench.commit)
        changed = {pattern: git.changed_paths(*sides, [pattern]) for pattern in self.check.unchanged}
        return [f"'{pattern}' is not as on the base: {some(paths)}" for pattern, paths in changed.items() if paths]

    def _without_base(self, bench: Bench) -> list[str]:
        before = {pattern: git.files_at(bench.checkout, bench.base, [pattern]) for pattern in self.check.unchanged}
        sentence = "nothing matched '{}' on the base, so nothing can be unchanged"
        return [sentence.format(pattern) for pattern, files in before.items() if not files]
