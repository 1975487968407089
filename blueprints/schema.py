"""What a mission says: the blueprint's data model.

Keys are camelCase in YAML and snake_case here. Each field's description is also the editor's hint
(`mission.schema.json`) and the text of Prefect's forms.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from blueprints.agents import Agent
from blueprints.checks import Check, Service, TestCheck
from blueprints.fields import DIGEST_PATTERN, AssertionId, Duration, Line, Model, Name, Slug, Text
from blueprints.hours import Window

RESERVED_SKILLS = frozenset({"scrutiny-validator", "user-testing-validator"})


class Role(StrEnum):
    """What an agent is asked to do."""

    WORKER = "worker"
    INTEGRATOR = "integrator"
    REPAIRER = "repairer"
    SCRUTINY = "scrutiny"
    TESTER = "tester"
    ORCHESTRATOR = "orchestrator"


ROLES_IN_RUNS = tuple(role for role in Role if role is not Role.ORCHESTRATOR)
"""Those that a run has work for; an orchestrator has done its part before."""


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


class Assertion(Model):
    """One testable behaviour."""

    says: Text
    """The behaviour in one sentence with a pass/fail condition."""
    check: Check | None = None
    """How the engine proves it."""
    checks: list[Check] = []
    """Instead of `check`: several, all of which must pass."""
    evidence: list[Line] = []
    """Path patterns of files that must lie in the check's evidence folder afterwards, such as `*.png`."""
    invariant: bool = False
    """It holds already and must go on to hold: it must pass before the work too. Otherwise it must not."""
    from_: Annotated[Line | None, Field(alias="from")] = None
    """Where the requirement comes from, for people: an issue, a page, a sentence of the goal."""

    @model_validator(mode="after")
    def _says_how_once(self) -> Self:
        if (self.check is None) == (not self.checks):
            found = "both 'check' and 'checks'" if self.check else "neither 'check' nor 'checks'"
            raise ValueError(f"has {found}; give one of the two")
        return self

    @property
    def proofs(self) -> list[Check]:
        """What proves it, however it was written."""
        return [self.check] if self.check else self.checks


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
    because: Line | None = None
    """Why it fulfills none, when `fulfills` is `[]`."""
    tests_only: bool = False
    """It adds tests for what is there: they may pass without its work, and are not witnessed red."""
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


class Ahead(Model):
    """A plan approved before its run begins: within these limits nobody is asked. What is not said limits nothing."""

    by: Line
    """Who approves; the report says so."""
    expires: date
    """The last day on which it counts, by the schedule's time zone."""
    plan: Annotated[str, Field(pattern=DIGEST_PATTERN)] | None = None
    """The plan's digest as `mission show` prints it: this plan and no other."""
    max_features: Annotated[int, Field(ge=1)] | None = None
    """Most features in the plan."""
    max_agent_runs: Annotated[int, Field(ge=1)] | None = None
    """Most agent runs that the plan may take, with every retry and repair."""
    poc: bool = False
    """Also in `poc` mode, where sealed milestones move the base branch."""


class PlanApproval(Model):
    """What becomes of a plan that nobody decides on."""

    within: Duration
    """How long the question stays open, from when it is asked first."""
    otherwise: Literal["approve", "reject"]
    """The decision after that. None approves assertions that pass before the work: those somebody must accept."""


class Schedule(Model):
    """What runs beside what, and when."""

    avoid_conflicts: bool = False
    """Of two features whose `touches` meet, the later waits for the earlier and builds on it."""
    cron: Line | None = None
    """When a deployment of the mission starts it, as in crontab: `0 22 * * *`."""
    timezone: Line = "UTC"
    """The time zone of `cron` and `window`, such as `Europe/Berlin`."""
    window: Line | None = None
    """The hours in which agents may work, such as `22:00-06:30`; what is not done goes on in the next ones."""
    approve: Ahead | None = None
    """An approval in advance, for runs that nobody attends. What is outside its limits is asked as usual."""

    @property
    def hours(self) -> Window | None:
        """When agents may work; None: at any time."""
        return Window.of(self.window, self.timezone) if self.window else None


class Roles(Model):
    """Which agent plays which role."""

    worker: Name | None = None
    """Default: the only agent."""
    integrator: Name | None = None
    """Resolves merge conflicts. Default: the worker."""
    repairer: Name | None = None
    """Repairs what validation found. Default: the worker."""
    scrutiny: Name | None = None
    """Reviews each feature's change. Default: the worker's agent, in a fresh session."""
    tester: Name | None = None
    """Uses the running program as a person would, without its source. Default: the worker's agent."""
    orchestrator: Name | None = None
    """Plans a mission from a goal, for `mission plan`. Default: the worker's agent."""


class Quarantine(Model):
    """A check whose mixed results are let pass for a while."""

    until: date
    """The last day on which it counts."""
    because: Line
    """Why, for people: an issue's address at best."""


class FeatureTests(Model):
    """How the tests that a feature adds are recognised and run.

    The engine applies only them to the feature's base, where they must not pass, and runs them on its commit, where
    they must.
    """

    paths: Annotated[list[Line], Field(min_length=1)]
    """Path patterns of test files, such as `tests/**/test_*.py`."""
    check: TestCheck
    """Runs the files in `$MISSION_TESTS`; a pytest check appends them by itself."""


class MergeRule(Model):
    """What is done where both sides of a merge changed one of these files, before an agent is asked.

    Either they are made anew by `run`, or they are lists.
    """

    paths: Annotated[list[Line], Field(min_length=1)]
    """Path patterns of the files, such as `docs/api/**`."""
    run: Text | None = None
    """A shell line that makes them anew from everything else, which is merged already, such as `uv lock`."""
    beside: bool = False
    """Run it in the folder of each file in conflict, rather than at the top of the checkout."""
    union: bool = False
    """They are lists: the lines of both sides are kept."""
    sort: bool = False
    """They are lists in order: the lines of both sides, each once, sorted."""

    @model_validator(mode="after")
    def _says_how_once(self) -> Self:
        if (self.run is None) == (not (self.union or self.sort)):
            found = "both a command and a list" if self.run else "neither 'run' nor 'union' nor 'sort'"
            raise ValueError(f"has {found}; give one of them")
        return self

    @property
    def is_list(self) -> bool:
        """Whether both sides' lines are the answer."""
        return self.union or self.sort


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
    plan_approval: PlanApproval | None = None
    """What happens when nobody decides in time, such as `{within: 12h, otherwise: reject}`. Default: wait on."""
    max_concurrency: Annotated[int, Field(ge=1, le=64)] = 3
    """Most agents at work at once."""
    max_milestones: Annotated[int, Field(ge=1, le=100)] = 6
    """More milestones than this is an error."""
    max_features_per_milestone: Annotated[int, Field(ge=1, le=1000)] = 6
    """More features in a milestone than this is an error."""
    schedule: Schedule = Schedule()
    """What runs beside what. Default: all that `needs` and maxConcurrency allow."""
    use_worktrees: bool = True
    """A worktree per attempt. false: one for all, an agent at a time (needs maxConcurrency 1)."""
    repairs: Annotated[int, Field(ge=0, le=10)] = 1
    """Repair rounds a milestone may take before the mission fails."""
    setup: list[Text] = []
    """Shell lines that prepare each new worktree, for example `uv sync`."""
    merges: list[MergeRule] = []
    """How generated and list-like files are merged; the first rule that matches counts. Default: lock files of
    well-known tools are made anew, and `CHANGELOG*` and `CHANGES*` keep the lines of both sides."""
    agents: dict[Name, Agent]
    """Who can work, by name."""
    roles: Roles = Roles()
    """Which agent plays which role. Default: the only agent plays all."""
    instructions: dict[Role, Text] = {}
    """What agents of a role are told instead of the page in `agents/prompts/`, with the same `$placeholders`."""
    contract: dict[AssertionId, Assertion] = {}
    """The assertions that define success."""
    services: dict[Name, Service] = {}
    """Programs that checks need running, by name."""
    tests: FeatureTests | None = None
    """Witness the tests that features add. Default: they are not witnessed."""
    reruns: Annotated[int, Field(ge=0, le=20)] = 1
    """How often a failing check is run again; mixed results make it flaky, which is not a pass."""
    quarantine: dict[Line, Quarantine] = {}
    """Checks, by assertion id or name, whose flaky results are let pass until a day."""
    validators: list[Check] = []
    """Checks run at every milestone."""
    milestones: Annotated[list[Milestone], Field(min_length=1)]
    """Checkpoints, one after another."""
