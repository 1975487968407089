"""`kind: junit`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import JunitCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class JunitValidator:
    check: JunitCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
