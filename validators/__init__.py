"""Who judges: one file per kind of check, named in this table."""

from __future__ import annotations

from blueprints.schema import Check
from validators.base import Validator
from validators.command import CommandValidator


def validator_for(check: Check) -> Validator:
    """The validator that a blueprint's check describes."""
    return CommandValidator(check)
