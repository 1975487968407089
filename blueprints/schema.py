"""What a mission says: the blueprint's data model.

Keys are camelCase in YAML and snake_case here. Each field's description is also the editor's hint
(`mission.schema.json`) and the text of Prefect's forms.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
SHORTEST, LONGEST = 0.001, 365 * 86400.0
"""Limits of a duration in seconds: system calls that wait cannot count much further."""


def parse_duration(value: object) -> object:
    """Seconds of `90s`, `60m`, `8h`, `1.5h` or a bare number of seconds; anything else raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not a duration; write it like 90s, 60m or 8h")
    if isinstance(value, int | float):
        seconds = float(value)
    elif match := _DURATION.fullmatch(value):
        seconds = float(match[1]) * _UNITS[match[2]]
    else:
        raise ValueError(f"'{value[:60]}' is not a duration; write it like 90s, 60m or 8h")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"'{str(value)[:60]}' is out of range; a duration is at least 1ms and at most 365d")
    return seconds


def _plain_duration(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(_plain_duration, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)$",
            "minimum": SHORTEST,
            "maximum": LONGEST,
            "examples": ["90s", "60m", "8h"],
        }
    ),
]
"""Seconds; written `90s`, `60m`, `8h`."""

NAME_PATTERN = r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ASSERTION_PATTERN = r"^VAL-[A-Z0-9]+(-[A-Z0-9]+)*-[0-9]{3,}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
"""A name that is safe as a folder and as part of a git ref."""

Slug = Annotated[str, Field(pattern=SLUG_PATTERN, max_length=48)]
AssertionId = Annotated[str, Field(pattern=ASSERTION_PATTERN, max_length=64)]
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN, max_length=128)]
Text = Annotated[str, Field(min_length=1, max_length=200_000)]
Line = Annotated[str, Field(pattern=LINE_PATTERN, min_length=1, max_length=4_000)]

RESERVED_SKILLS = frozenset({"scrutiny-validator", "user-testing-validator"})


class Model(BaseModel):
    """Frozen, camelCase from outside, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class Value(Model):
    """Data of the engine's own: the same, but written with Python's names where it is made."""

    model_config = ConfigDict(validate_by_name=True)


class Role(StrEnum):
    """What an agent is asked to do."""

    WORKER = "worker"
    INTEGRATOR = "integrator"
    REPAIRER = "repairer"


class Mode(StrEnum):
    FULL = "full"
    POC = "poc"


class Repository(Model):
    """What is worked on."""

    path: Line | None = None
    """A folder in the repository, relative to the blueprint's own folder. Default: `.`"""
    url: Line | None = None
    """Where to clone from instead, kept under the mission home."""
    base_branch: Line = "main"
    """The branch whose commit the mission starts from; a missing one is an error."""


class AgentBase(Model):
    timeout: Duration = 3600.0
    """Longest an attempt may run."""
    idle_timeout: Duration | None = None
    """Longest an attempt may go without printing anything. Default: no such limit."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Further attempts after a failed one, each in a fresh workspace."""
    env: list[VariableName] = []
    """Names of environment variables the agent may see besides the usual ones. No value is ever recorded."""

    def shape(self) -> dict[str, Any]:
        """What of it shapes its work, for content keys: not how often it may try."""
        return self.model_dump(mode="json", exclude={"retries"})


class CommandAgent(AgentBase):
    """Any program: prompt on stdin, workspace as working directory, git as the evidence."""

    kind: Literal["command"]
    """command: a program of yours does the work."""
    argv: Annotated[list[Text], Field(min_length=1)]
    """Program and arguments, run without a shell. `./agent` is relative to the blueprint's folder."""


class ScriptedAgent(AgentBase):
    """Plays a file of steps: for rehearsals, examples and tests."""

    kind: Literal["scripted"]
    """scripted: prepared steps are played."""
    script: Line
    """YAML file of steps by role and assignment, relative to the blueprint's folder."""


Agent = Annotated[CommandAgent | ScriptedAgent, Field(discriminator="kind")]


class CommandCheck(Model):
    """A shell line in a clean checkout of the commit under test; passes on exit 0 unless nothing was run."""

    kind: Literal["command"]
    """command: a shell line decides by its exit code."""
    run: Text
    """One shell line, run by `bash -euo pipefail -c`."""
    timeout: Duration = 600.0
    """After this the verdict is inconclusive."""
    name: Line | None = None
    """How reports call the check. Default: the command."""


Check = CommandCheck


class Assertion(Model):
    """One testable behaviour."""

    says: Text
    """The behaviour in one sentence with a pass/fail condition."""
    check: Check
    """How the engine proves it."""


class Feature(Model):
    """A bounded piece of work for one agent."""

    id: Name
    """Unique in the mission."""
    title: Line | None = None
    """One line for people. Default: the id."""
    spec: Text
    """What to build, as the agent will read it."""
    needs: list[Name] = []
    """Features whose work this one builds on: it starts when they are done, from their commits."""
    touches: list[Line] = []
    """Path patterns the work is expected to stay within."""
    fulfills: list[AssertionId] = []
    """Assertions of the contract that hold once this is done."""
    agent: Name | None = None
    """Overrides the worker role's agent."""
    skill: Name | None = None
    """Names a skill the agent should use."""
    retries: Annotated[int, Field(ge=0, le=10)] | None = None
    """Overrides the agent's retries."""
    timeout: Duration | None = None
    """Overrides the agent's timeout."""
    allow_empty: bool = False
    """Accept an attempt that changed nothing; otherwise it fails as `no work`."""


class Milestone(Model):
    """A checkpoint. Its features run concurrently; the next milestone starts from its sealed commit."""

    name: Name
    """Unique in the mission; the subflow and the evidence go by it."""
    objective: Text | None = None
    """What is true once the milestone is sealed."""
    features: Annotated[list[Feature], Field(min_length=1)]
    """Work done at the same time, as `needs` and maxConcurrency allow."""
    checks: Annotated[list[Check], Field(alias="validate")] = []
    """Checks of this milestone, besides the mission's `validators` and the features' assertions."""


class Roles(Model):
    """Which agent plays which role."""

    worker: Name | None = None
    """Default: the only agent."""
    integrator: Name | None = None
    """Resolves merge conflicts. Default: the worker."""
    repairer: Name | None = None
    """Repairs what validation found. Default: the worker."""


class Blueprint(Model):
    """A mission."""

    mission: Slug
    """Short name; runs, branches and the Prefect flow carry it."""
    goal: Text
    """What the whole endeavour is for."""
    repository: Repository = Repository()
    """What is worked on. Default: the repository around the blueprint, from its branch `main`."""
    mode: Mode = Mode.FULL
    """full: the result is a branch. poc: each sealed milestone also fast-forwards the base branch."""
    require_plan_approval: bool = True
    """Wait for a person to approve the plan before any agent starts."""
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 3
    """Most agents at work at once."""
    max_milestones: Annotated[int, Field(ge=1, le=100)] = 6
    """More milestones than this is an error."""
    max_features_per_milestone: Annotated[int, Field(ge=1, le=1000)] = 6
    """More features in a milestone than this is an error."""
    use_worktrees: bool = True
    """A worktree per attempt. false: one for all, an agent at a time (needs maxConcurrency 1)."""
    repairs: Annotated[int, Field(ge=0, le=10)] = 1
    """Repair rounds a milestone may take before the mission fails."""
    setup: list[Text] = []
    """Shell lines that prepare each new worktree, for example `uv sync`."""
    agents: dict[Name, Agent]
    """Who can work, by name."""
    roles: Roles = Roles()
    """Which agent plays which role. Default: the only agent plays all."""
    contract: dict[AssertionId, Assertion] = {}
    """The assertions that define success."""
    validators: list[Check] = []
    """Checks run at every milestone."""
    milestones: Annotated[list[Milestone], Field(min_length=1)]
    """Checkpoints, one after another."""
