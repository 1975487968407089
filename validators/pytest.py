"""`kind: pytest`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import PytestCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class PytestValidator:
    check: PytestCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
