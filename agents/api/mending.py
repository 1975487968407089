"""Asking once more without what this model does not take, and without it for the rest of the conversation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from agents.api.trouble import Trouble
from agents.api.turns import Answer

_UNREASONING = re.compile(r"encrypted content is not supported", re.IGNORECASE)
_RENAMED = re.compile(r"'max_tokens' is not supported.*'max_completion_tokens'", re.IGNORECASE)
_MOST = re.compile(
    r"max_tokens: \d+ > (\d+)|at most (\d+) (?:completion|output) tokens|_tokens\W.*expected a value <= (\d+)",
    re.IGNORECASE,
)
_LENGTHS = ("max_tokens", "max_output_tokens", "max_completion_tokens")


def mended(request: dict[str, Any], ask: Callable[[], Answer | Trouble]) -> Answer | Trouble:
    """What comes of asking; where a part of `request` is refused, that part is changed and it is asked again."""
    result = ask()
    for mend in (_without_reasoning, _renamed, _shorter):
        if isinstance(result, Trouble) and mend(request, result.reason):
            result = ask()
    return result


def _without_reasoning(request: dict[str, Any], reason: str) -> bool:
    """Whether the reasoning was asked for, of a model that does not reason."""
    return bool(_UNREASONING.search(reason)) and request.pop("include", None) is not None


def _renamed(request: dict[str, Any], reason: str) -> bool:
    """Whether the longest answer goes by its newer name here."""
    if "max_tokens" not in request or not _RENAMED.search(reason):
        return False
    request["max_completion_tokens"] = request.pop("max_tokens")
    return True


def _shorter(request: dict[str, Any], reason: str) -> bool:
    """Whether the model's own longest answer is shorter than the one that was asked for."""
    name, found = next((name for name in _LENGTHS if name in request), None), _MOST.search(reason)
    most = int(next(filter(None, found.groups()))) if found else 0
    if name is None or not 0 < most < request[name]:
        return False
    request[name] = most
    return True
