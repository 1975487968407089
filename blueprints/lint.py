"""What the schema cannot see: names that lead nowhere, limits, and plans that would prove nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path as Folder

from blueprints.claims import every_feature_claims, fulfilled_contract, known_assertions
from blueprints.draft import Draft, Part
from blueprints.errors import Problem, suggest
from blueprints.needs import known_needs, no_cycles, unique_names
from blueprints.patterns import paths_stay_inside, tests_are_no_options, valid_expressions
from blueprints.placeholders import known_placeholders
from blueprints.proof import checks_can_fail, every_assertion_proved, every_milestone_proved
from blueprints.quarantine import known_checks, not_for_long
from blueprints.running import known_services, no_waiting_in_circles, running_services
from blueprints.schedules import approval_has_limits, known_hours, known_timezone, readable_cron
from blueprints.schema import RESERVED_SKILLS, Blueprint, Role
from blueprints.source import Source
from blueprints.text import Path, quote


def lint(source: Source, folder: Folder) -> Iterator[Problem]:
    """Every mistake in a blueprint beyond its schema; `folder` is where its relative paths start."""
    draft = Draft(source, folder)
    return chain.from_iterable(rule(draft) for rule in _RULES)


def _known_agents(draft: Draft) -> Iterator[Problem]:
    named = [(feature, "agent") for _, feature in draft.features]
    named += [(draft.root.part("roles"), role.value) for role in Role]
    for part, key in named:
        agent = part.text(key)
        if agent is not None and draft.agents and agent not in draft.agents:
            yield draft.problem((*part.path, key), f"unknown agent {quote(agent)}; {suggest(agent, draft.agents)}")


def _known_fallbacks(draft: Draft) -> Iterator[Problem]:
    for agent in draft.root.parts("agents"):
        for path, other in agent.texts("fallback"):
            if other not in draft.agents:
                yield draft.problem(path, f"unknown agent {quote(other)}; {suggest(other, draft.agents)}")
            elif other == agent.path[-1]:
                yield draft.problem(path, f"{quote(other)} cannot take over from itself; name another agent")


def _somebody_works(draft: Draft) -> Iterator[Problem]:
    if draft.root.data.get("agents") == {}:
        yield draft.problem(("agents",), "no agents; add one, such as 'builder: {kind: command, argv: [my-agent]}'")
    worker = draft.root.part("roles").data.get("worker")
    unassigned = [f for _, f in draft.features if f.data.get("agent") is None]
    if len(draft.agents) > 1 and worker is None and unassigned:
        several = ", ".join(list(draft.agents)[:5])
        message = f"no agent is named, and there are several ({several}); name one here or as 'worker' in 'roles'"
        yield draft.problem((*unassigned[0].path, "agent"), message)


def _within_limits(draft: Draft) -> Iterator[Problem]:
    """More than allowed is an error, never a cut."""
    limit = draft.root.number("maxMilestones", _default("max_milestones"))
    if (count := _length(draft.root, "milestones")) > limit:
        message = f"{count} milestones, but maxMilestones is {limit}; raise it or split the mission"
        yield draft.problem(("milestones",), message)
    limit = draft.root.number("maxFeaturesPerMilestone", _default("max_features_per_milestone"))
    for milestone in draft.milestones:
        if (count := _length(milestone, "features")) > limit:
            message = f"{count} features, but maxFeaturesPerMilestone is {limit}; raise it or split the milestone"
            yield draft.problem((*milestone.path, "features"), message)


def _default(field: str) -> int:
    return int(Blueprint.model_fields[field].default)


def _length(part: Part, key: str) -> int:
    value = part.data.get(key)
    return len(value) if isinstance(value, list) else 0


def _own_skills(draft: Draft) -> Iterator[Problem]:
    for _, feature in draft.features:
        skill = feature.text("skill")
        if skill in RESERVED_SKILLS:
            yield draft.problem((*feature.path, "skill"), f"{quote(skill)} is the engine's own; name another skill")


def _one_worktree_one_agent(draft: Draft) -> Iterator[Problem]:
    concurrency = draft.root.number("maxConcurrency", _default("max_concurrency"))
    if draft.root.data.get("useWorktrees") is False and concurrency > 1:
        message = f"{concurrency} agents at once would share a worktree; set maxConcurrency to 1, or this to true"
        yield draft.problem(("useWorktrees",), message)


def _files_exist(draft: Draft) -> Iterator[Problem]:
    for agent in draft.root.parts("agents"):
        script, argv = agent.text("script"), agent.texts("argv")
        if script and agent.text("kind") == "scripted":
            yield from _missing_file(draft, (*agent.path, "script"), script)
        if argv and argv[0][0][-1] == 0 and "/" in argv[0][1] and not argv[0][1].startswith("/"):
            yield from _missing_file(draft, *argv[0], program=True)


def _missing_file(draft: Draft, path: Path, name: str, *, program: bool = False) -> Iterator[Problem]:
    file = draft.folder / name
    if not _is_file(file):
        yield draft.problem(path, f"there is no file {quote(name)} in the blueprint's folder; correct the path")
    elif program and not os.access(file, os.X_OK):
        yield draft.problem(path, f"{quote(name)} is not executable; run 'chmod +x' on it")


def _is_file(file: Folder) -> bool:
    try:
        return file.is_file()
    except OSError:  # for example a name longer than the system allows
        return False


def _somebody_is_asked(draft: Draft) -> Iterator[Problem]:
    if draft.root.data.get("requirePlanApproval") is False and draft.root.data.get("planApproval") is not None:
        message = "nobody is asked, since requirePlanApproval is false; remove one of the two"
        yield draft.problem(("planApproval",), message)


def _one_repository(draft: Draft) -> Iterator[Problem]:
    repository = draft.root.part("repository")
    if repository.text("path") is not None and repository.text("url") is not None:
        yield draft.problem((*repository.path, "url"), "path and url are both given; keep one")
    for key in ("path", "url", "baseBranch"):
        value = repository.text(key)
        if value and value.startswith("-"):
            yield draft.problem(
                (*repository.path, key), f"{quote(value)} starts with '-'; git would take it for an option"
            )


_RULES: list[Callable[[Draft], Iterator[Problem]]] = [
    unique_names,
    known_needs,
    no_cycles,
    _known_agents,
    _known_fallbacks,
    _somebody_works,
    _within_limits,
    _own_skills,
    _one_worktree_one_agent,
    _files_exist,
    _somebody_is_asked,
    _one_repository,
    paths_stay_inside,
    tests_are_no_options,
    valid_expressions,
    known_services,
    no_waiting_in_circles,
    running_services,
    every_feature_claims,
    known_assertions,
    fulfilled_contract,
    every_assertion_proved,
    every_milestone_proved,
    checks_can_fail,
    known_checks,
    not_for_long,
    known_timezone,
    known_hours,
    readable_cron,
    approval_has_limits,
    known_placeholders,
]
