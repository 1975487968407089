"""A plan that is asked for: the goal, what a person gives for it, its limits, and where all that is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agents.base import Assignment
from agents.instructions import project_instructions
from agents.prompt import fenced
from blueprints.assembly import PLANNED, given, loaded, smallest
from blueprints.compose import compose
from blueprints.draft import Draft
from blueprints.errors import BlueprintError, MissionError
from blueprints.keys import keys_page
from blueprints.plan import Plan
from blueprints.schema import Role
from blueprints.settings import apply_settings
from blueprints.source import Source
from blueprints.text import check_text, decode
from blueprints.yaml_page import yaml_page
from ledger.settings import Settings
from workspaces.acceptance import require_outside
from workspaces.git import Repository, repository


@dataclass(frozen=True)
class Revision:
    """A plan that somebody wants otherwise."""

    blueprint: str
    """As it was proposed."""
    note: str
    """What is to change."""
    by: str


@dataclass(frozen=True)
class Frame:
    """What is known of a mission before it is planned."""

    goal: str
    known: Source
    """What a person gives, without what is planned anew."""
    output: Path
    """Where the blueprint will be; its relative paths start there."""
    plan: Plan
    """The smallest there could be: who works, within which limits."""

    @property
    def folder(self) -> Path:
        return self.output.absolute().parent

    @property
    def agents(self) -> list[str]:
        """Who is asked for the plan, the first one first; the others take over from it."""
        usual = self.plan.role(Role.ORCHESTRATOR)
        return [usual, *self.plan.agent(usual).fallback]


def frame(goal: str, file: Path, output: Path, *, most: int | None = None) -> Frame:
    """Around what is in `file`; `most` milestones. Raises MissionError with the person's mistakes."""
    goal, folder = check_text(goal, "GOAL").strip(), output.absolute().parent
    if not goal:
        raise MissionError("GOAL is empty; say in a sentence or more what is to be achieved")
    limits = {"maxMilestones": str(most)} if most else {}
    known = apply_settings(given(compose(_text(file), str(file))), limits)
    _require_worker(Draft(known, folder))
    return Frame(goal, known, output, loaded(smallest(known, goal), known.name, folder).plan)


def _text(file: Path) -> str:
    try:
        return decode(file.read_bytes(), str(file))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MissionError(f"{file}: cannot be read ({reason}); name a file with `agents:` in it") from None


def _require_worker(draft: Draft) -> None:
    """Nobody can know whom the features will name."""
    if len(draft.agents) > 1 and draft.root.part("roles").data.get("worker") is None:
        message = f"is missing, and there are several agents ({', '.join(draft.agents)}); name the one that builds"
        raise BlueprintError([draft.problem(("roles", "worker"), message)])


@dataclass(frozen=True)
class Commission:
    frame: Frame
    source: Repository
    settings: Settings
    folder: Path
    """Where prompts, transcripts and answers are kept."""
    blocks: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    revision: Revision | None = None
    """The plan is to take the place of this one."""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def room(self) -> Path:
        """For the throw-away checkout of an attempt, and what lies beside it."""
        return self.settings.home / "worktrees" / self.folder.name

    def assignment(self, agent: str, attempt: int, failures: list[str]) -> Assignment:
        plan, base = self.frame.plan, self.source.base
        return Assignment(
            run=self.folder.name,
            mission=plan.blueprint.mission,
            goal=self.frame.goal,
            milestone="",
            role=Role.ORCHESTRATOR,
            base=base,
            title="Plan",
            attempt=attempt,
            spec=keys_page(),
            instructions="\n".join([*_limits(self.frame), *_revised(self.revision)]),
            failures=failures,
            project=project_instructions(plan.agent(agent), self.source.root, base),
        )


def source_of(known: Frame, settings: Settings, path: Path | None) -> Repository:
    """The repository at `path`, or the one that a person gives. MissionError when nothing can be planned for it."""
    declared = known.plan.blueprint.repository
    if path is None and declared.url:
        raise MissionError(f"repository.url: {declared.url} is cloned by `mission run` alone; give a clone as --repo")
    place = path.absolute() if path else known.folder / (declared.path or ".")
    source = repository(place, declared.base_branch)
    require_outside(settings.home, source)
    return source


def new_folder(home: Path, mission: str) -> Path:
    """Of a plan that is asked for now."""
    return home / "plans" / f"{mission}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


def _limits(frame: Frame) -> Iterator[str]:
    blueprint, known = frame.plan.blueprint, frame.known.root.inside
    yield f"- Milestones: at most {blueprint.max_milestones}."
    yield f"- Features in a milestone: at most {blueprint.max_features_per_milestone}."
    yield f"- Features built at the same time: at most {blueprint.max_concurrency}."
    yield f"- Agents that a feature may name: {', '.join(map(_code, blueprint.agents))}."
    yield f"- One that names none gets {_code(frame.plan.role(Role.WORKER))}."
    yield f"- Yours to write: {', '.join(_code(key) for key in PLANNED if key not in known)}."
    if told := {key: known[key].value for key in PLANNED if key in known}:
        yield f"- Given already, and not yours to write:\n\n```yaml\n{yaml_page(told)}```"


def _revised(revision: Revision | None) -> Iterator[str]:
    if revision:
        asked = " ".join(revision.note.split()) or "nothing in particular: make it better"
        yield f"- A plan was proposed before, and {revision.by} asks for another. What is to change: {asked}"
        yield "- Keep what that leaves as it is. What was proposed:"
        yield f"\n{fenced(revision.blueprint, 'yaml')}"


def _code(name: str) -> str:
    return f"`{name}`"
