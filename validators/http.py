"""`kind: http`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import HttpCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class HttpValidator:
    check: HttpCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
