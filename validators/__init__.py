"""Who judges: one file per kind of check, named in this table."""

from __future__ import annotations

from blueprints.checks import (
    BrowserCheck,
    Check,
    CodebaseCheck,
    CommandCheck,
    CoverageCheck,
    FilesCheck,
    HttpCheck,
    JunitCheck,
    PytestCheck,
)
from validators.base import Validator
from validators.browser import BrowserValidator
from validators.codebase import CodebaseValidator
from validators.command import CommandValidator
from validators.coverage import CoverageValidator
from validators.files import FilesValidator
from validators.junit import JunitValidator
from validators.pytest import PytestValidator


def validator_for(check: Check) -> Validator:
    """The validator of an automatic check; agents (`review.py`, `user_test.py`) or people answer the others."""
    match check:
        case CommandCheck():
            return CommandValidator(check)
        case PytestCheck():
            return PytestValidator(check)
        case JunitCheck():
            return JunitValidator(check)
        case HttpCheck():
            from validators.http import HttpValidator  # what reads JSON Schema and JSONPath takes 0.15 s to import

            return HttpValidator(check)
        case BrowserCheck():
            return BrowserValidator(check)
        case CodebaseCheck():
            return CodebaseValidator(check)
        case FilesCheck():
            return FilesValidator(check)
        case CoverageCheck():
            return CoverageValidator(check)
        case _:
            raise ValueError(f"a {check.kind} check is not run by the engine")
