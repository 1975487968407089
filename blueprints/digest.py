"""Content keys: one spelling of a value, one digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def digest(*parts: Any) -> str:
    """Hex SHA-256 (first 32 digits) of the canonical JSON of `parts`; models are dumped first."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"no canonical form for {type(value).__name__}")
