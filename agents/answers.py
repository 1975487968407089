"""What agents that judge say, in their own words; read like a handoff, from the same file."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from agents.handoff import Issue, Notes, OptionalText, Part, Severity
from blueprints.fields import Line


class Answer(Part):
    """See `reference/formats.md` for the names."""

    summary: Annotated[str, Field(min_length=1)]
    notes: Notes = Field(default=[])


class Review(Answer):
    """A reviewer's answer about one feature's change."""

    status: Literal["pass", "fail"]
    issues: list[Issue]
    """Required, so that an empty one is said and not forgotten."""

    @property
    def blocking(self) -> list[Issue]:
        return [issue for issue in self.issues if issue.severity is Severity.BLOCKING]

    @property
    def contradiction(self) -> str:
        """How its parts deny each other, one clause; empty when they agree."""
        if self.status == "fail" and not self.blocking:
            return "it contradicts itself: status fail without a blocking issue"
        if self.status == "pass" and self.blocking:
            return f"it contradicts itself: status pass with a blocking issue: {self.blocking[0].description[:300]}"
        return ""


class AssertionStatus(StrEnum):
    PASS = "pass"  # noqa: S105  # a status, not a password
    FAIL = "fail"
    BLOCKED = "blocked"
    SKIPPED = "skipped"


class Step(Part):
    action: str
    expected: OptionalText = ""
    observed: OptionalText = ""


def _sentences(value: object) -> object:
    """Issues are known as a text, as texts, and as objects with a description."""
    if value is None or isinstance(value, str):
        return [value] if value else []
    return [_sentence(item) for item in cast(list[object], value)] if isinstance(value, list) else value


def _sentence(item: object) -> object:
    return cast(dict[str, Any], item).get("description") if isinstance(item, dict) else item


Sentences = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_sentences)]


class JudgedAssertion(Part):
    id: str
    status: AssertionStatus
    steps: list[Step]
    evidence: list[Line] = Field(default=[])
    """Names of files in the tester's folder."""
    issues: Sentences = Field(default=[])

    @property
    def seen(self) -> list[str]:
        """What was observed, step by step."""
        return [step.observed.strip() for step in self.steps if step.observed.strip()]

    @property
    def because(self) -> str:
        """What speaks for its status, on one line."""
        return " ".join("; ".join(self.issues or self.seen[-1:]).split())[:300] or "no reason given"

    @property
    def is_unfounded(self) -> bool:
        """A verdict about something that nobody saw."""
        seen = self.seen or (self.status is AssertionStatus.FAIL and self.issues)
        return self.status in (AssertionStatus.PASS, AssertionStatus.FAIL) and not seen


class UserTest(Answer):
    """A tester's answer about the assertions it was asked to test."""

    assertions: list[JudgedAssertion]
    frictions: Sentences = Field(default=[])
    """What was awkward, though no assertion denies it."""

    def of_status(self, *statuses: AssertionStatus) -> list[JudgedAssertion]:
        return [tested for tested in self.assertions if tested.status in statuses]

    def objection(self, asked: set[str]) -> str:
        """Why this is no answer to what was asked, one clause; empty when it is one."""
        answered = Counter(tested.id for tested in self.assertions)
        twice = [identifier for identifier, times in answered.items() if times > 1]
        unfounded = [tested for tested in self.assertions if tested.is_unfounded]
        if unknown := [identifier for identifier in answered if identifier not in asked]:
            return f"it judges {unknown[0][:100]}, which was not asked"
        if missing := sorted(asked - answered.keys()):
            return f"it says nothing about {', '.join(missing)}"
        if twice:
            return f"it judges {twice[0]} more than once"
        if unfounded:
            return f"{unfounded[0].id}: it says {unfounded[0].status} but observed nothing"
        return ""


def _yaml(value: object) -> object:
    """Some give it as a mapping, though a text is asked for: JSON is YAML too."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


class PlanAnswer(Answer):
    """An orchestrator's answer: a mission planned from a goal."""

    blueprint: Annotated[str, Field(min_length=1), BeforeValidator(_yaml)]
    """YAML of the keys that are the orchestrator's to write."""
