"""A plan as Markdown: what an approver decides on, and what the report begins with."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.coverage import Covered, coverage, reasons, services_in_use
from blueprints.estimate import agent_runs
from blueprints.fields import spell_duration
from blueprints.forecast import milestone_collisions
from blueprints.markup import as_code, as_shell, as_text
from blueprints.plan import Plan, PlannedCheck, PlannedFeature, PlannedMilestone
from blueprints.schema import ROLES_IN_RUNS, Blueprint

_DECIDED = {"approve": "approved", "reject": "rejected"}


def markdown(plan: Plan) -> str:
    """Goal, limits, per milestone its features and checks, and how each assertion and service is provided for.

    Whatever a blueprint's texts hold, they stay text: they add no markup, and hide nothing from the approver.
    """
    return "\n".join(_lines(plan)) + "\n"


def checks_again(plan: Plan, milestone: PlannedMilestone) -> list[PlannedCheck]:
    """Those of its checks that earlier milestones run too."""
    earlier = plan.milestones[: plan.milestones.index(milestone)]
    known = {(check.id, check.key) for other in earlier for check in other.checks}
    return [check for check in milestone.checks if (check.id, check.key) in known]


def _lines(plan: Plan) -> Iterator[str]:
    yield f"# {as_text(plan.blueprint.mission)}"
    yield ""
    yield as_text(plan.blueprint.goal)
    yield ""
    yield from _limits(plan)
    why = reasons(plan.blueprint)
    for number, milestone in enumerate(plan.milestones, 1):
        yield ""
        yield f"## {number}. {as_text(milestone.name)}"
        yield ""
        yield from _features(milestone, why)
        yield from _checks(plan, milestone)
    yield from _contract(plan)
    yield from _services(plan)


def _limits(plan: Plan) -> Iterator[str]:
    blueprint = plan.blueprint
    yield f"- Plan {as_code(plan.digest)}"
    yield f"- Works on {_repository(blueprint)}, mode {blueprint.mode.value}"
    yield "- Agents: " + ", ".join(f"{role.value} {as_code(plan.role(role))}" for role in ROLES_IN_RUNS)
    yield f"- {_agent_runs(plan)}"
    yield f"- Most agents at once: {blueprint.max_concurrency}"
    yield f"- Most repair rounds per milestone: {blueprint.repairs}"
    yield f"- Most reruns of a failing check: {blueprint.reruns}"
    yield f"- {_witness(blueprint)}"
    if late := blueprint.plan_approval:
        yield f"- A plan that nobody decides on within {spell_duration(late.within)} is {_DECIDED[late.otherwise]}"
    for name, entry in blueprint.quarantine.items():
        yield f"- Flaky results of {as_code(name)} are let pass until {entry.until}: {as_text(entry.because)}"
    for line in blueprint.setup:
        yield f"- Prepares each worktree with {as_shell(line)}"


def _agent_runs(plan: Plan) -> str:
    runs = agent_runs(plan)
    return f"Agent runs: at least {runs.least}, at most {runs.most} with every retry and repair, besides conflicts"


def _witness(blueprint: Blueprint) -> str:
    """Last on its line comes what may take several."""
    if blueprint.tests is None:
        return "Tests that features add are not witnessed"
    paths, how = ", ".join(map(as_code, blueprint.tests.paths)), as_shell(blueprint.tests.check.summary)
    return f"Tests that features add in {paths} must not pass before the work: {how}"


def _repository(blueprint: Blueprint) -> str:
    repository = blueprint.repository
    return f"{as_code(repository.url or repository.path or '.')} at branch {as_code(repository.base_branch)}"


def _features(milestone: PlannedMilestone, why: dict[str, str]) -> Iterator[str]:
    if milestone.objective:
        yield as_text(milestone.objective)
        yield ""
    yield "| Feature | Needs | Agent | Fulfills |"
    yield "| --- | --- | --- | --- |"
    yield from (_row(feature, why.get(feature.id, "")) for feature in milestone.features)
    yield ""
    yield from _collisions(milestone)
    yield "Critical path: " + " → ".join(map(as_code, milestone.critical_path()))
    yield ""


def _row(feature: PlannedFeature, reason: str) -> str:
    title = "" if feature.title == feature.id else f" {as_text(feature.title)}"
    needs = ", ".join(as_code(n) + " (avoids a conflict)" * (n in feature.avoids) for n in feature.needs)
    fulfills = ", ".join(map(as_code, feature.assertions))
    fulfills = fulfills or f"nothing: {as_text(reason)}"
    return f"| {as_code(feature.id)}{title} | {needs} | {as_code(feature.agent)} | {fulfills} |"


def _collisions(milestone: PlannedMilestone) -> Iterator[str]:
    found = milestone_collisions(milestone)
    if not found:
        return
    yield "Likely conflicts, which `schedule: {avoidConflicts: true}` avoids:"
    yield ""
    for collision in found:
        first, second = as_code(collision.first), as_code(collision.second)
        shared = ", ".join(map(as_code, collision.patterns))
        yield f"- {first} and {second} both touch {shared}; or give {second} {as_code(collision.suggestion)}"
    yield ""


def _checks(plan: Plan, milestone: PlannedMilestone) -> Iterator[str]:
    again = checks_again(plan, milestone)
    yield from (_check(check) for check in milestone.checks if check not in again)
    if again:
        yield "- Again: " + ", ".join(as_code(check.id) for check in again)


def _check(planned: PlannedCheck) -> str:
    says = "" if planned.says == planned.check.summary else f": {as_text(planned.says)}"
    return f"- {as_code(planned.id)}{says} {as_shell(planned.check.summary)}"


def _contract(plan: Plan) -> Iterator[str]:
    if not plan.blueprint.contract:
        return
    yield ""
    yield "## Contract"
    yield ""
    yield "| Assertion | Behaviour | Claimed by | From milestone | Proved by |"
    yield "| --- | --- | --- | --- | --- |"
    yield from map(_covered, coverage(plan.blueprint))


def _covered(covered: Covered) -> str:
    claimed = ", ".join(map(as_code, covered.claimed_by))
    proof = ", ".join(covered.proved_by) + (" (invariant: passes before the work too)" if covered.invariant else "")
    return f"| {as_code(covered.id)} | {as_text(covered.says)} | {claimed} | {as_code(covered.milestone)} | {proof} |"


def _services(plan: Plan) -> Iterator[str]:
    names = services_in_use(plan.blueprint)
    if not names:
        return
    yield ""
    yield "## Services"
    yield ""
    for name in names:
        service = plan.blueprint.services[name]
        after = f" after {', '.join(map(as_code, service.depends_on))}" if service.depends_on else ""
        yield f"- {as_code(name)}{after}, healthy by {as_code(service.health)}: {as_shell(service.start)}"
