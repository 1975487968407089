"""Rules about who fulfils what: features claim assertions, and assertions are claimed."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.draft import Draft
from blueprints.errors import Problem, suggest
from blueprints.text import quote


def every_feature_claims(draft: Draft) -> Iterator[Problem]:
    """Work that fulfils nothing says why: a forgotten claim is an assertion that nobody works for."""
    for _, feature in draft.features:
        claims, reason = feature.data.get("fulfills"), feature.data.get("because")
        if "fulfills" not in feature.data:
            message = "is missing; name the assertions that this feature makes true, or write [] and say 'because'"
            yield draft.problem((*feature.path, "fulfills"), message)
        elif claims == [] and reason is None:
            message = "names no assertion; name one, or say why there is none in 'because'"
            yield draft.problem((*feature.path, "fulfills"), message)
        elif claims and isinstance(claims, list) and reason is not None:
            message = "says why the feature fulfills nothing, but it does; remove this, or the assertions"
            yield draft.problem((*feature.path, "because"), message)


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
