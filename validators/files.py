"""`kind: files`."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.checks import FilesCheck
from validators.base import Bench, Observation


@dataclass(frozen=True)
class FilesValidator:
    check: FilesCheck

    def look(self, bench: Bench) -> Observation:
        raise NotImplementedError
