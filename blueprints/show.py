"""A plan for people and programs to read."""

from __future__ import annotations

from blueprints.checks import Service
from blueprints.coverage import Covered, coverage, reasons, services_in_use
from blueprints.estimate import agent_runs
from blueprints.forecast import Collision, milestone_collisions
from blueprints.markdown import markdown
from blueprints.mermaid import mermaid
from blueprints.plan import Plan, PlannedCheck, PlannedFeature, PlannedMilestone
from blueprints.schema import ROLES_IN_RUNS
from blueprints.terminal import text
from blueprints.text import Data

__all__ = ["as_data", "markdown", "mermaid", "text"]


def as_data(plan: Plan) -> dict[str, Data]:
    """The plan for programs, as JSON data.

    `{mission, goal, mode, schedule{avoidConflicts}, digest, limits{maxConcurrency, maxMilestones,
    maxFeaturesPerMilestone, repairs, reruns}, agentRuns{atLeast, atMost}, planApproval{within, otherwise},
    roles{worker, integrator, repairer, scrutiny, tester}, contract[{id, says, claimedBy[id], milestone, kinds[],
    invariant, evidence[], from}], services[{name, start, stop, port, health, within, dependsOn[]}], quarantine[{name,
    until, because}], milestones[{name, objective, waves[[id]], criticalPath[id], features[{id, title, agent,
    needs[id], avoids[id], waitsFor[id], touches[], fulfills[assertion], because, testsOnly, skill, timeout, retries,
    allowEmpty, key}], collisions[{features[id], patterns[], reason, suggestion}], checks[{id, kind, says, does,
    timeout, key, since, assertion}]}]}`. Times are in seconds. `needs` are all features built on, `avoids` those of
    them that the schedule adds, `waitsFor` those in the same milestone; `collisions` are likely conflicts, and the
    `suggestion` is for the second of the `features`; `since` is the milestone that runs a check first, `services` are
    those that some check needs. Keys may be added, none is renamed.
    """
    blueprint, runs = plan.blueprint, agent_runs(plan)
    late = blueprint.plan_approval
    return {
        "mission": blueprint.mission,
        "goal": blueprint.goal,
        "mode": blueprint.mode.value,
        "schedule": {"avoidConflicts": blueprint.schedule.avoid_conflicts},
        "digest": plan.digest,
        "limits": {
            "maxConcurrency": blueprint.max_concurrency,
            "maxMilestones": blueprint.max_milestones,
            "maxFeaturesPerMilestone": blueprint.max_features_per_milestone,
            "repairs": blueprint.repairs,
            "reruns": blueprint.reruns,
        },
        "agentRuns": {"atLeast": runs.least, "atMost": runs.most},
        "planApproval": {"within": late.within, "otherwise": late.otherwise} if late else None,
        "roles": {role.value: plan.role(role) for role in ROLES_IN_RUNS},
        "contract": [_covered_data(covered) for covered in coverage(plan.blueprint)],
        "services": [_service_data(name, blueprint.services[name]) for name in services_in_use(plan.blueprint)],
        "quarantine": [
            {"name": name, "until": entry.until.isoformat(), "because": entry.because}
            for name, entry in blueprint.quarantine.items()
        ],
        "milestones": [_milestone_data(milestone, reasons(plan.blueprint)) for milestone in plan.milestones],
    }


def _covered_data(covered: Covered) -> Data:
    return {
        "id": covered.id,
        "says": covered.says,
        "claimedBy": [*covered.claimed_by],
        "milestone": covered.milestone,
        "kinds": [*covered.kinds],
        "invariant": covered.invariant,
        "evidence": [*covered.assertion.evidence],
        "from": covered.assertion.from_,
    }


def _service_data(name: str, service: Service) -> Data:
    return {
        "name": name,
        "start": service.start,
        "stop": service.stop,
        "port": service.port,
        "health": service.health,
        "within": service.within,
        "dependsOn": [*service.depends_on],
    }


def _milestone_data(milestone: PlannedMilestone, why: dict[str, str]) -> Data:
    return {
        "name": milestone.name,
        "objective": milestone.objective,
        "waves": [[*wave] for wave in milestone.waves()],
        "criticalPath": [*milestone.critical_path()],
        "features": [_feature_data(feature, why.get(feature.id)) for feature in milestone.features],
        "collisions": [_collision_data(collision) for collision in milestone_collisions(milestone)],
        "checks": [_check_data(check) for check in milestone.checks],
    }


def _feature_data(feature: PlannedFeature, reason: str | None) -> Data:
    return {
        "id": feature.id,
        "title": feature.title,
        "agent": feature.agent,
        "needs": [*feature.needs],
        "avoids": [*feature.avoids],
        "waitsFor": [*feature.waits_for],
        "touches": [*feature.touches],
        "fulfills": [*feature.assertions],
        "because": reason,
        "testsOnly": feature.tests_only,
        "skill": feature.skill,
        "timeout": feature.timeout,
        "retries": feature.retries,
        "allowEmpty": feature.allow_empty,
        "key": feature.key,
    }


def _collision_data(collision: Collision) -> Data:
    return {
        "features": [collision.first, collision.second],
        "patterns": [*collision.patterns],
        "reason": collision.reason,
        "suggestion": collision.suggestion,
    }


def _check_data(planned: PlannedCheck) -> Data:
    check = planned.check
    data: dict[str, Data] = {"id": planned.id, "kind": check.kind, "says": planned.says, "does": check.summary}
    data |= {"timeout": check.timeout, "key": planned.key, "since": planned.since, "assertion": planned.assertion}
    return data
