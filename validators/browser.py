"""`kind: browser`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import BrowserCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class BrowserValidator:
    check: BrowserCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
