"""`kind: codebase`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import CodebaseCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class CodebaseValidator:
    check: CodebaseCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
