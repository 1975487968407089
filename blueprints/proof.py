"""Rules about what proves the work."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.draft import Draft
from blueprints.errors import Problem, suggest
from blueprints.text import quote

_TRIVIAL = re.compile(r"(true|:|exit( 0)?|echo( [^|<>&;]*)?|#.*)?")
"""A shell command that always succeeds."""


def known_assertions(draft: Draft) -> Iterator[Problem]:
    for _, feature in draft.features:
        for path, assertion in feature.texts("fulfills"):
            if assertion not in draft.contract and isinstance(draft.root.data.get("contract", {}), dict):
                advice = suggest(assertion, draft.contract) if draft.contract else "write it in the contract"
                yield draft.problem(path, f"unknown assertion {quote(assertion)}; {advice}")


def fulfilled_contract(draft: Draft) -> Iterator[Problem]:
    fulfilled = {assertion for _, feature in draft.features for _, assertion in feature.texts("fulfills")}
    for assertion in draft.contract:
        if assertion not in fulfilled:
            message = "no feature fulfills it; name it in the 'fulfills' of one, or remove it"
            yield draft.problem(("contract", assertion), message)


def every_milestone_proved(draft: Draft) -> Iterator[Problem]:
    """Assertions count from the milestone that fulfills them; before that, something else must look."""
    proved = bool(draft.root.data.get("validators"))
    for milestone in draft.milestones:
        claims = [a for f in milestone.parts("features") for _, a in f.texts("fulfills")]
        proved = proved or any(claim in draft.contract for claim in claims)
        if not proved and not milestone.data.get("validate"):
            advice = "add a check to its 'validate' or to 'validators', or let a feature fulfill an assertion"
            yield draft.problem(milestone.path, f"nothing would prove this milestone; {advice}")


def checks_can_fail(draft: Draft) -> Iterator[Problem]:
    for check in draft.checks:
        run = check.text("run")
        if check.text("kind") == "command" and run and cannot_fail(run):
            message = f"{quote(run)} cannot fail, so it proves nothing; run something that can"
            yield draft.problem((*check.path, "run"), message)


def cannot_fail(run: str) -> bool:
    """Whether a shell line succeeds whatever the work is like. In doubt it does not."""
    return all(_always_succeeds(statement.strip()) for statement in re.split(r"[;\n]", run))


def _always_succeeds(statement: str) -> bool:
    without_comment = re.sub(r"(^|\s)#.*", "", statement)
    alternative = without_comment.split("||")[-1] if "||" in without_comment else without_comment
    return all(_TRIVIAL.fullmatch(command.strip()) for command in alternative.split("&&"))
