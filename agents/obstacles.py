"""What keeps agents from starting on this machine, seen before any of them does."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from agents.cli.programs import missing
from agents.credentials import lacking
from agents.player import ScriptError, check_script
from agents.skills import missing_skills
from blueprints.agents import Agent, ScriptedAgent
from blueprints.plan import Plan
from blueprints.schema import ROLES_IN_RUNS
from workspaces.git import Repository


def obstacles(plan: Plan, source: Repository | None, blocks: Mapping[str, str] | None) -> Iterator[str]:
    """One sentence each: a program that is not installed, a credential or a skill that is not there, a wrong script.

    Skills are looked for in `source`; credentials in Prefect's Secret `blocks`, too. None: they are not known here.
    """
    if source:
        yield from missing_skills(plan, source.root, source.base)
    yield from obstacles_of(_at_work(plan), plan, blocks)


def obstacles_of(names: Collection[str], plan: Plan, blocks: Mapping[str, str] | None) -> Iterator[str]:
    """The same, of these agents and of those that may take over from them."""
    asked = {*names, *(other for name in names for other in plan.agent(name).fallback)}
    folder = Path(plan.folder)
    for name in (name for name in plan.blueprint.agents if name in asked):
        profile = plan.agent(name)
        for found in (missing(profile, folder), lacking(profile, blocks), _unplayable(profile, folder)):
            if found:
                yield f"agents.{name}: {found}"


def _unplayable(profile: Agent, folder: Path) -> str | None:
    if not isinstance(profile, ScriptedAgent):
        return None
    try:
        check_script(folder / profile.script)
    except ScriptError as error:
        return f"{profile.script}: {error}"
    return None


def _at_work(plan: Plan) -> set[str]:
    """The agents that a run asks first."""
    named = {feature.agent for milestone in plan.milestones for feature in milestone.features}
    return named | {plan.role(role) for role in ROLES_IN_RUNS}
