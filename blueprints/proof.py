"""Rules about what proves the work."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.draft import Draft, Part
from blueprints.errors import Problem
from blueprints.text import Data, quote

_TRIVIAL = re.compile(r"(true|:|exit( 0)?|echo( [^|<>&;]*)?|#.*)?")
"""A shell command that always succeeds."""
_NOT_ALONE = "a review alone proves nothing"


def every_assertion_proved(draft: Draft) -> Iterator[Problem]:
    """A reviewer reads the change; that the behaviour is there, something that runs or a user must show."""
    for proofs in draft.assertions.values():
        if proofs and all(_is_review(proof.data) for proof in proofs):
            message = f"{_NOT_ALONE}; add a check that the engine runs, or one of kind user-test or manual"
            yield draft.problem(proofs[0].path, message)


def every_milestone_proved(draft: Draft) -> Iterator[Problem]:
    """Assertions count from the milestone that fulfills them; before that, something else must look."""
    proved = _proves(draft.root, "validators")
    for milestone in draft.milestones:
        claims = [a for f in milestone.parts("features") for _, a in f.texts("fulfills")]
        proved = proved or any(claim in draft.contract for claim in claims)
        if not proved and not _proves(milestone, "validate"):
            reviewed = draft.root.data.get("validators") or milestone.data.get("validate")
            advice = "add a check to its 'validate' or to 'validators', or let a feature fulfill an assertion"
            why = f" ({_NOT_ALONE})" if reviewed else ""
            yield draft.problem(milestone.path, f"nothing would prove this milestone{why}; {advice}")


def _proves(part: Part, key: str) -> bool:
    checks = part.data.get(key)
    return not all(_is_review(check) for check in checks) if isinstance(checks, list) else bool(checks)


def _is_review(check: Data) -> bool:
    return isinstance(check, dict) and check.get("kind") == "review"


def checks_can_fail(draft: Draft) -> Iterator[Problem]:
    for check in draft.checks:
        run = check.text("run")
        if run and cannot_fail(run):
            message = f"{quote(run)} cannot fail, so it proves nothing; run something that can"
            yield draft.problem((*check.path, "run"), message)


def cannot_fail(run: str) -> bool:
    """Whether a shell line succeeds whatever the work is like. In doubt it does not."""
    return all(_always_succeeds(statement.strip()) for statement in re.split(r"[;\n]", run))


def _always_succeeds(statement: str) -> bool:
    without_comment = re.sub(r"(^|\s)#.*", "", statement)
    alternative = without_comment.split("||")[-1] if "||" in without_comment else without_comment
    return all(_TRIVIAL.fullmatch(command.strip()) for command in alternative.split("&&"))
