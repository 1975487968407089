"""The contract against the milestones: who claims each assertion, how it is proved, and what that needs running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.checks import Check
from blueprints.plan import services_of
from blueprints.schema import Assertion, Blueprint

_BY_SOMEBODY = {"manual": "a person", "review": "a reviewer", "user-test": "a tester"}


@dataclass(frozen=True)
class Covered:
    """An assertion with those who claim it and what proves it."""

    id: str
    assertion: Assertion
    claimed_by: list[str]
    """Features."""
    milestone: str
    """The first that claims it."""

    @property
    def says(self) -> str:
        return self.assertion.says

    @property
    def invariant(self) -> bool:
        return self.assertion.invariant

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(check.kind for check in self.assertion.proofs))

    @property
    def proved_by(self) -> list[str]:
        """The kinds in words: somebody, where it is not the engine."""
        return [_BY_SOMEBODY.get(kind, kind) for kind in self.kinds]


def coverage(blueprint: Blueprint) -> list[Covered]:
    """Every assertion of a blueprint that has no lint errors, in the contract's order."""
    claims: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for milestone in blueprint.milestones:
        for feature in milestone.features:
            for name in feature.fulfills:
                claims.setdefault(name, []).append(feature.id)
                first.setdefault(name, milestone.name)
    return [Covered(name, assertion, claims[name], first[name]) for name, assertion in blueprint.contract.items()]


def reasons(blueprint: Blueprint) -> dict[str, str]:
    """Why features fulfil nothing, by their ids."""
    features = [feature for milestone in blueprint.milestones for feature in milestone.features]
    return {feature.id: feature.because for feature in features if feature.because}


def services_in_use(blueprint: Blueprint) -> list[str]:
    """The services that checks need, each after those it depends on."""
    return list(dict.fromkeys(name for check in _checks(blueprint) for name in services_of(blueprint, check)))


def _checks(blueprint: Blueprint) -> Iterator[Check]:
    yield from blueprint.validators
    for milestone in blueprint.milestones:
        yield from milestone.checks
    for assertion in blueprint.contract.values():
        yield from assertion.proofs
    if blueprint.tests:
        yield blueprint.tests.check
