"""Going on without a feature: the plan is amended, by somebody who says why, and the report shows it."""

from __future__ import annotations

from pathlib import Path

from blueprints.errors import MissionError, one_line
from blueprints.load import Loaded
from blueprints.plan import compile_plan
from blueprints.schema import Blueprint, Milestone
from ledger.events import Kind
from workspaces.amendment import amend
from workspaces.mission import Mission


def skip(mission: Mission, feature: str, *, by: str, why: str) -> str:
    """Take the feature out of the plan, and the assertions that no other feature claims; what was done, in a clause.

    Whoever skips approves what is left. Raises MissionError when nothing would be left of its milestone.
    """
    before = mission.plan.blueprint
    after = without(before, feature)
    gone = [name for name in before.contract if name not in after.contract]
    text = mission.folder.blueprint.read_text(encoding="utf-8").rstrip()
    plan = compile_plan(after, Path(mission.plan.folder))
    skipped = f"# skipped: {feature}, by {by}: {one_line(why)}\n"
    loaded = Loaded(after, plan, f"{text}\n{skipped}", str(mission.folder.blueprint), Path(plan.folder))
    home = next(m.name for m in before.milestones if any(f.id == feature for f in m.features))
    mission.ledger.append(
        Kind.FEATURE_SKIPPED, milestone=home, featureId=feature, assertions=gone, by=by, why=why, plan=plan.digest
    )
    amend(mission, loaded, by=by, approved=f"{by}, who skipped {feature}")
    return f"{feature} is skipped" + (f"; nobody proves {', '.join(gone)}" if gone else "")


def without(blueprint: Blueprint, feature: str) -> Blueprint:
    """The same without the feature, the needs for it, and the assertions that only it fulfils."""
    milestones = [_without(milestone, feature) for milestone in blueprint.milestones]
    if empty := next((m.name for m in milestones if not m.features), None):
        raise MissionError(f"{feature} is all there is in milestone {empty}; amend the blueprint, or cancel the run")
    gone = _claimed(blueprint.milestones) - _claimed(milestones)
    contract = {name: assertion for name, assertion in blueprint.contract.items() if name not in gone}
    return blueprint.model_copy(update={"milestones": milestones, "contract": contract})


def _claimed(milestones: list[Milestone]) -> set[str]:
    return {name for milestone in milestones for feature in milestone.features for name in feature.fulfills}


def _without(milestone: Milestone, feature: str) -> Milestone:
    features = [
        f.model_copy(update={"needs": [need for need in f.needs if need != feature]})
        for f in milestone.features
        if f.id != feature
    ]
    return milestone.model_copy(update={"features": features})
