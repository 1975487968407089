"""A blueprint compiled: who does what, after what, proved by what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from blueprints.agents import Agent
from blueprints.checks import JUDGED_BY_SOMEBODY, Check
from blueprints.digest import digest
from blueprints.fields import Value
from blueprints.order import in_order, kept_apart
from blueprints.schema import Blueprint, Feature, Milestone, Role


class PlannedFeature(Value):
    """A feature with everything decided that the blueprint leaves to defaults."""

    id: str
    title: str
    spec: str
    needs: list[str]
    """All features it builds on."""
    avoids: list[str] = Field(default=[])
    """Those of them that it names nowhere: a conflict is likely, and the schedule avoids it."""
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
    tests_only: bool
    key: str
    """Digest of all above that shapes the work, with the agent's profile and the setup commands; no limit is in it:
    what was done within one stays done."""

    @property
    def asks(self) -> list[Any]:
        """What somebody who resolves a conflict of its is told about it."""
        return [self.id, self.title, self.spec, self.assertions, self.touches]


class PlannedCheck(Value):
    """A check with the name its evidence and verdicts go by."""

    id: str
    """Assertion id, with `.<n>` when it has several checks; `validator-<n>` or `validate-<n>`."""
    says: str
    check: Check
    since: str
    """The milestone that runs it first."""
    assertion: str | None = None
    """The assertion it proves."""
    evidence: list[str] = Field(default=[])
    """Path patterns of files it must leave."""
    invariant: bool = False
    """It must pass before the work too."""
    key: str
    """Digest of the check, its services, the setup commands and, if an agent judges, that agent's profile."""

    @property
    def names(self) -> list[str]:
        """What a person may call it: its id, its assertion, its own name."""
        return [name for name in (self.id, self.assertion, self.check.name) if name]

    def is_new_in(self, milestone: str) -> bool:
        """Whether it proves an assertion that this milestone is the first to claim: red on its base by right."""
        return self.assertion is not None and not self.invariant and self.since == milestone

    @property
    def automatic(self) -> bool:
        """Whether the engine runs it, rather than asking an agent or a person."""
        return self.check.kind not in JUDGED_BY_SOMEBODY

    @property
    def discriminating(self) -> bool:
        """Whether it must not pass before the work."""
        return self.assertion is not None and self.automatic and not self.invariant


class PlannedMilestone(Value):
    name: str
    objective: str
    features: list[PlannedFeature]
    checks: list[PlannedCheck]
    """The mission's validators, this milestone's checks, the assertions of its and all earlier features."""
    key: str
    """Digest of what a seal is about: the features' keys in their order, and what must pass and how."""

    @property
    def work(self) -> str:
        """Digest of what reviewers and testers look at: the features, and what is claimed so far."""
        claimed = {check.assertion: check.says for check in self.checks if check.assertion}
        return digest(self.name, [feature.key for feature in self.features], claimed)

    @property
    def new_checks(self) -> list[PlannedCheck]:
        """Those of assertions that this milestone is the first to claim."""
        return [check for check in self.checks if check.assertion and check.since == self.name]

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
        features = {feature.id: feature for feature in self.features}
        return [features[name] for name in in_order({f.id: f.waits_for for f in self.features})]


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
    since: dict[str, str] = {}
    for milestone in blueprint.milestones:
        for assertion in (a for feature in milestone.features for a in feature.fulfills):
            since.setdefault(assertion, milestone.name)
        milestones.append(_milestone(blueprint, milestone, since))
    return Plan(
        blueprint=blueprint,
        folder=str(folder.resolve()),
        milestones=milestones,
        digest=plan_digest(blueprint),
    )


_HOW_IT_IS_RUN: dict[str, bool | set[str]] = {
    "max_concurrency": True,
    "require_plan_approval": True,
    "plan_approval": True,
    "repository": {"path"},
    "schedule": {"cron", "timezone", "window", "approve"},
    "roles": {"orchestrator"},
}


def plan_digest(blueprint: Blueprint) -> str:
    """Digest of all that shapes the work. Where and how fast it goes and who is asked are not part of it."""
    return digest(blueprint.model_dump(mode="json", exclude=_HOW_IT_IS_RUN))


def _role(blueprint: Blueprint, role: Role) -> str:
    roles = blueprint.roles
    worker = roles.worker or next(iter(blueprint.agents))
    return getattr(roles, role.value) or worker


def _milestone(blueprint: Blueprint, milestone: Milestone, since: dict[str, str]) -> PlannedMilestone:
    avoided = _avoided(milestone) if blueprint.schedule.avoid_conflicts else {}
    features = [_feature(blueprint, milestone, feature, avoided.get(feature.id, [])) for feature in milestone.features]
    checks = _checks(blueprint, milestone, since)
    proof = [_proof(blueprint, check) for check in checks]
    return PlannedMilestone(
        name=milestone.name,
        objective=milestone.objective or "",
        features=features,
        checks=checks,
        key=digest(milestone.name, blueprint.mode, [feature.key for feature in features], proof),
    )


def _proof(blueprint: Blueprint, check: PlannedCheck) -> list[Any]:
    """What its pass in a milestone is about: also who is told what, and how long mixed results are let pass."""
    let_pass = [blueprint.quarantine[name].until.isoformat() for name in check.names if name in blueprint.quarantine]
    return [check.id, check.key, check.invariant, None if check.automatic else check.says, let_pass]


def _avoided(milestone: Milestone) -> dict[str, list[str]]:
    """By feature, what it waits for only because they would likely conflict."""
    siblings = {f.id for f in milestone.features}
    waits = {f.id: [need for need in f.needs if need in siblings] for f in milestone.features}
    return kept_apart(waits, {f.id: f.touches for f in milestone.features})


def _feature(blueprint: Blueprint, milestone: Milestone, feature: Feature, avoids: list[str]) -> PlannedFeature:
    name = feature.agent or _role(blueprint, Role.WORKER)
    agent = blueprint.agents[name]
    siblings, needs = {f.id for f in milestone.features}, [*feature.needs, *avoids]
    assertions = {a: blueprint.contract[a].says for a in feature.fulfills}
    shape = feature.model_dump(mode="json", exclude={"retries", "timeout", "agent", "because"}) | {"needs": needs}
    profile, told = agent.shape(), blueprint.instructions.get(Role.WORKER)
    tests = blueprint.tests and blueprint.tests.model_dump(mode="json", exclude={"check": {"timeout", "name"}})
    return PlannedFeature(
        id=feature.id,
        title=feature.title or feature.id,
        spec=feature.spec,
        needs=needs,
        avoids=avoids,
        waits_for=[need for need in needs if need in siblings],
        touches=feature.touches,
        assertions=assertions,
        skill=feature.skill,
        agent=name,
        timeout=feature.timeout or agent.timeout,
        retries=agent.retries if feature.retries is None else feature.retries,
        allow_empty=feature.allow_empty,
        tests_only=feature.tests_only,
        key=digest(shape, profile, assertions, blueprint.setup, tests, told),
    )


def _checks(blueprint: Blueprint, milestone: Milestone, since: dict[str, str]) -> list[PlannedCheck]:
    """The mission's validators, the milestone's own checks, and those of the assertions `since` holds."""
    first = blueprint.milestones[0].name
    plain = [(f"validator-{n}", check, first) for n, check in enumerate(blueprint.validators, 1)]
    plain += [(f"validate-{n}", check, milestone.name) for n, check in enumerate(milestone.checks, 1)]
    planned = [_check(blueprint, name, check, check.name or check.summary, since) for name, check, since in plain]
    for name, milestone_name in since.items():
        assertion = blueprint.contract[name]
        for n, check in enumerate(assertion.proofs, 1):
            identifier = name if len(assertion.proofs) == 1 else f"{name}.{n}"
            facts = {"assertion": name, "evidence": assertion.evidence, "invariant": assertion.invariant}
            planned.append(_check(blueprint, identifier, check, assertion.says, milestone_name, **facts))
    return planned


def _check(blueprint: Blueprint, identifier: str, check: Check, says: str, since: str, **facts: Any) -> PlannedCheck:
    shape = check.model_dump(mode="json", exclude={"name"})
    services = [blueprint.services[name].model_dump(mode="json") for name in services_of(blueprint, check)]
    key = digest(shape, services, facts.get("evidence", []), blueprint.setup, _judge(blueprint, check))
    return PlannedCheck(id=identifier, says=says, check=check, since=since, key=key, **facts)


_JUDGES = {"review": Role.SCRUTINY, "user-test": Role.TESTER}


def _judge(blueprint: Blueprint, check: Check) -> list[Any]:
    """Who answers a check that an agent judges, and what that agent is told."""
    role = _JUDGES.get(check.kind)
    return [blueprint.agents[_role(blueprint, role)].shape(), blueprint.instructions.get(role)] if role else []


def services_of(blueprint: Blueprint, check: Check) -> list[str]:
    """The services that must run for a check, each after those it depends on."""
    order: dict[str, None] = {}
    wanted = check.needs_services[::-1]
    while wanted:
        name = wanted[-1]
        if first := [other for other in blueprint.services[name].depends_on if other not in order]:
            wanted += first[::-1]
        else:
            order[wanted.pop()] = None
    return list(order)
