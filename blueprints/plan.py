"""A blueprint compiled: who does what, after what, proved by what."""

from __future__ import annotations

from pathlib import Path

from blueprints.digest import digest
from blueprints.schema import Agent, Blueprint, Check, Feature, Milestone, Role, Value


class PlannedFeature(Value):
    """A feature with everything decided that the blueprint leaves to defaults."""

    id: str
    title: str
    spec: str
    needs: list[str]
    """All features it builds on."""
    waits_for: list[str]
    """Those of them in the same milestone; the others are in its base already."""
    touches: list[str]
    assertions: dict[str, str]
    """What it must fulfil: assertion id to sentence."""
    skill: str | None
    agent: str
    timeout: float
    """Seconds an attempt may take."""
    retries: int
    allow_empty: bool
    key: str
    """Digest of all above that shapes the work, with the agent's profile and the setup commands."""


class PlannedCheck(Value):
    """A check with the name its evidence and verdicts go by."""

    id: str
    """Assertion id, `validator-<n>` or `validate-<n>`."""
    says: str
    check: Check
    key: str
    """Digest of the check and the setup commands."""


class PlannedMilestone(Value):
    name: str
    objective: str
    features: list[PlannedFeature]
    checks: list[PlannedCheck]
    """The mission's validators, this milestone's checks, the assertions of its and all earlier features."""

    def waves(self) -> list[list[str]]:
        """Feature ids by the earliest round in which each could start."""
        level: dict[str, int] = {}
        for feature in self.in_order():
            level[feature.id] = max((level[need] + 1 for need in feature.waits_for), default=0)
        return [[f.id for f in self.features if level[f.id] == n] for n in range(max(level.values()) + 1)]

    def critical_path(self) -> list[str]:
        """The longest chain of features, by count: it bounds how fast the milestone can be."""
        chains: dict[str, list[str]] = {}
        for feature in self.in_order():
            longest = max((chains[need] for need in feature.waits_for), key=len, default=list[str]())
            chains[feature.id] = [*longest, feature.id]
        return max(chains.values(), key=len)

    def in_order(self) -> list[PlannedFeature]:
        """Features so that each comes after those it waits for, otherwise as written."""
        done: set[str] = set()
        order: list[PlannedFeature] = []
        while len(order) < len(self.features):
            ready = next(f for f in self.features if f.id not in done and done.issuperset(f.waits_for))
            order.append(ready)
            done.add(ready.id)
        return order


class Plan(Value):
    blueprint: Blueprint
    folder: str
    """Absolute path of the blueprint's own folder; its relative paths start here."""
    milestones: list[PlannedMilestone]
    digest: str
    """What an approval is bound to: all that shapes the work, whatever its formatting."""

    def role(self, role: Role) -> str:
        """Name of the agent that plays `role`."""
        return _role(self.blueprint, role)

    def agent(self, name: str) -> Agent:
        return self.blueprint.agents[name]

    def milestone(self, name: str) -> PlannedMilestone:
        return next(m for m in self.milestones if m.name == name)

    def feature(self, identifier: str) -> PlannedFeature:
        return next(f for m in self.milestones for f in m.features if f.id == identifier)


def compile_plan(blueprint: Blueprint, folder: Path) -> Plan:
    """The plan of a blueprint that has no lint errors."""
    milestones: list[PlannedMilestone] = []
    for milestone in blueprint.milestones:
        claimed = [a for m in blueprint.milestones[: len(milestones) + 1] for f in m.features for a in f.fulfills]
        milestones.append(
            PlannedMilestone(
                name=milestone.name,
                objective=milestone.objective or "",
                features=[_feature(blueprint, milestone, feature) for feature in milestone.features],
                checks=_checks(blueprint, milestone, list(dict.fromkeys(claimed))),
            )
        )
    return Plan(
        blueprint=blueprint,
        folder=str(folder.resolve()),
        milestones=milestones,
        digest=plan_digest(blueprint),
    )


_HOW_IT_IS_RUN: dict[str, bool | set[str]] = {
    "max_concurrency": True,
    "require_plan_approval": True,
    "repository": {"path"},
}


def plan_digest(blueprint: Blueprint) -> str:
    """Digest of all that shapes the work. Where and how fast it goes and who is asked are not part of it."""
    return digest(blueprint.model_dump(mode="json", exclude=_HOW_IT_IS_RUN))


def _role(blueprint: Blueprint, role: Role) -> str:
    roles = blueprint.roles
    worker = roles.worker or next(iter(blueprint.agents))
    named = {Role.WORKER: worker, Role.INTEGRATOR: roles.integrator, Role.REPAIRER: roles.repairer}
    return named[role] or worker


def _feature(blueprint: Blueprint, milestone: Milestone, feature: Feature) -> PlannedFeature:
    name = feature.agent or _role(blueprint, Role.WORKER)
    agent = blueprint.agents[name]
    siblings = {f.id for f in milestone.features}
    assertions = {a: blueprint.contract[a].says for a in feature.fulfills}
    shape = feature.model_dump(mode="json", exclude={"retries", "agent"})
    profile = agent.shape()
    return PlannedFeature(
        id=feature.id,
        title=feature.title or feature.id,
        spec=feature.spec,
        needs=feature.needs,
        waits_for=[need for need in feature.needs if need in siblings],
        touches=feature.touches,
        assertions=assertions,
        skill=feature.skill,
        agent=name,
        timeout=feature.timeout or agent.timeout,
        retries=agent.retries if feature.retries is None else feature.retries,
        allow_empty=feature.allow_empty,
        key=digest(shape, profile, assertions, blueprint.setup),
    )


def _checks(blueprint: Blueprint, milestone: Milestone, claimed: list[str]) -> list[PlannedCheck]:
    named: list[tuple[str, str, Check]] = []
    named += [(f"validator-{n}", c.name or c.run, c) for n, c in enumerate(blueprint.validators, 1)]
    named += [(f"validate-{n}", c.name or c.run, c) for n, c in enumerate(milestone.checks, 1)]
    named += [(a, blueprint.contract[a].says, blueprint.contract[a].check) for a in claimed]
    return [
        PlannedCheck(
            id=i, says=says, check=check, key=digest(check.model_dump(mode="json", exclude={"name"}), blueprint.setup)
        )
        for i, says, check in named
    ]
