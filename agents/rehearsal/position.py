"""Where a conversation stands, read off the request alone: retried, resumed and parallel ones need no memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from agents.rehearsal.exchange import Asked, Said
from agents.rehearsal.script import Script, When


@dataclass(frozen=True)
class Position:
    """Which step of which script a request asks for."""

    script: Script
    turn: int
    """Answers of the model in the request, and this one."""
    step: int
    """The same since the last user message that matches the script."""
    conversation: str
    values: dict[str, str]
    """What `{{name}}` stands for."""

    def fill(self, template: Any) -> Any:
        """A text, or every text in a list or mapping, with its placeholders replaced; unknown ones stay."""
        if isinstance(template, str):
            return re.sub(r"\{\{(\w+)\}\}", lambda match: self.values.get(match[1], match[0]), template)
        if isinstance(template, list):
            return [self.fill(part) for part in cast("list[object]", template)]
        if isinstance(template, dict):
            return {key: self.fill(part) for key, part in cast("dict[str, object]", template).items()}
        return template


@dataclass(frozen=True)
class _Match:
    script: Script
    first: int
    last: int
    """Indices of user messages; -1 without a pattern."""
    groups: dict[str, str]


def find_position(scripts: Sequence[Script], asked: Asked, key: str) -> Position | None:
    """The position under the script that fits: the first listed, unless a later one's prompt came after its own."""
    matches = [match for script in scripts if (match := _match(script, asked, key))]
    if not matches:
        return None
    match = matches[0]
    if match.script.when.user is not None:
        match = max(matches, key=lambda other: other.last)
    return _position(match, asked, key)


def _match(script: Script, asked: Asked, key: str) -> _Match | None:
    when = script.when
    found = [re.search(when.model or "", asked.model), re.search(when.key or "", key)]
    if not all(found):
        return None
    users = _users(when, asked)
    if when.user is not None:
        if not users:
            return None
        found.append(re.search(when.user, asked.said[users[-1]].text))
    groups = {name: value or "" for match in found if match for name, value in match.groupdict().items()}
    return _Match(script, users[0] if users else -1, users[-1] if users else -1, groups)


def _users(when: When, asked: Asked) -> list[int]:
    if when.user is None:
        return []
    return [at for at, said in enumerate(asked.said) if said.role == "user" and re.search(when.user, said.text)]


def _position(match: _Match, asked: Asked, key: str) -> Position:
    turn, step = count_answers(asked.said) + 1, count_answers(asked.said[match.last + 1 :]) + 1
    users = [said.text for said in asked.said if said.role == "user"]
    results = [said.text for said in asked.said if said.role == "result"]
    first = asked.said[match.first].text if match.first >= 0 else "".join(users[:1])
    values = {
        "user": asked.said[match.last].text if match.last >= 0 else "".join(users[-1:]),
        "tool_result": "".join(results[-1:]),
        "turn": str(turn),
        "step": str(step),
    }
    return Position(match.script, turn, step, _digest(key, asked.session, first), values | match.groups)


def count_answers(said: Sequence[Said]) -> int:
    """Answers of the model; all it said at once is one."""
    return sum(1 for role, _ in groupby(said, lambda part: part.role) if role == "model")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
