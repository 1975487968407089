"""Each test's result, kept beside the evidence: the ledger has their digest, so that nobody changes them unnoticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from blueprints.digest import digest
from validators.base import TestResult

_FILE = "tests.json"


def write(evidence: Path, tests: Mapping[str, TestResult] | None) -> None:
    """Keep the results, where the check knows them."""
    if tests is not None:
        (evidence / _FILE).write_text(json.dumps(tests, indent=1), encoding="utf-8")


def digest_of(tests: Mapping[str, TestResult] | None) -> str | None:
    return None if tests is None else digest(dict(tests))


def read(evidence: Path, recorded: str) -> dict[str, TestResult] | None:
    """The results with the digest `recorded`; None when the file is gone or holds others."""
    try:
        found: dict[str, str] = json.loads((evidence / _FILE).read_text(encoding="utf-8"))
        tests = {name: TestResult(result) for name, result in found.items()}
    except (OSError, ValueError, AttributeError):
        return None
    return tests if digest_of(tests) == recorded else None
