"""`kind: coverage`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import CoverageCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class CoverageValidator:
    check: CoverageCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
