"""Where an agent is rehearsed: a repository and a mission of its own, a key that opens nothing, a scripted model."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agents.base import AgentRun, Assignment
from agents.rehearsal.calls import Call
from agents.rehearsal.script import Script, When
from agents.rehearsal.server import ModelServer
from agents.rehearsal.survivors import survivors
from agents.session import Session, handoff_file
from blueprints.agents import (
    Agent,
    AnthropicAgent,
    ClaudeCodeAgent,
    GeminiAgent,
    ModelAgent,
    OpencodeAgent,
    SecretBlock,
)
from blueprints.plan import compile_plan
from blueprints.schema import Blueprint, Feature, Milestone, Role
from ledger.conversation import read_entries
from ledger.events import Ledger
from ledger.folder import RunFolder, new_run_id
from ledger.settings import Settings
from workspaces import git
from workspaces.git_command import IDENTITY
from workspaces.git_command import git as command
from workspaces.mission import Mission
from workspaces.workplace import workplace
from workspaces.worktree import Workspace

FEATURE = "rehearsal"
FILE = "rehearsal.txt"
_SPEC = f"Write the line `rehearsed` into the file `{FILE}`."
MODEL = "scripted-1"
_BLOCK = "rehearsal"
_TIMEOUT = 180.0
_GRACE = 2.0
_PATIENCE = 3.0
_LOOK = 0.02
Seen = TypeVar("Seen")
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """What the model does, and what is different for the agent meanwhile."""

    steps: Sequence[Data]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of its profile."""
    stopped_at: Path | None = None
    """The file upon whose appearance the mission is stopped."""
    failures: Sequence[str] = ()
    """What was wrong before: it is a further attempt."""


@dataclass(frozen=True)
class Take:
    """A scene that was played, with everything it is judged by. Its workspace is gone when it has been judged."""

    run: AgentRun
    workspace: Workspace
    session: Session
    calls: Sequence[Call]
    """What the model's server was asked for."""
    survivors: Sequence[str]
    """What is still alive of all that was started."""
    seconds: float
    """From the stop, if there was one, to the end."""

    @property
    def key(self) -> str:
        return self.session.mission.blocks[_BLOCK]

    @property
    def handoff(self) -> Path:
        return handoff_file(self.workspace.path)

    @property
    def records(self) -> Path:
        """The folder that holds all that is recorded of the run."""
        return self.session.mission.folder.path

    @property
    def entries(self) -> list[dict[str, Any]]:
        return list(read_entries(self.session.mission.folder.transcript(self.session.name)))


class Stage:
    """`place` is an empty folder that nobody needs; relative paths of the profile start at `folder`."""

    def __init__(self, profile: ModelAgent, folder: Path, place: Path) -> None:
        self.profile, self.place = profile, place
        self._folder = folder
        self._repository = _new_repository(place / "repository")

    def play(self, scene: Scene, judge: Callable[[Take], Seen]) -> Seen:
        """What the judge sees in the scene."""
        with ModelServer(_scripts(scene)) as server:
            mission = self._mission(_rehearsed(self.profile, server.url, scene.changes))
            session = Session(mission, _assignment(mission, scene), FEATURE, _TIMEOUT)
            branch = mission.work_branch(session.name)
            with workplace(mission, session.name, self._repository.base, branch=branch) as workspace:
                with _stopped_at(scene.stopped_at, mission.stop) as since_stop:
                    run, _ = session.run(workspace.path)
                    seconds = since_stop()
                return judge(Take(run, workspace, session, server.calls, survivors(self.place), seconds))

    def _mission(self, profile: Agent) -> Mission:
        feature = Feature(id=FEATURE, title="Rehearsal", spec=_SPEC, because="Git shows it.")
        milestone = Milestone(name="rehearsal", features=[feature])
        goal = "See whether this agent does what the engine expects."
        blueprint = Blueprint(mission="rehearsal", goal=goal, agents={FEATURE: profile}, milestones=[milestone])
        settings = Settings(home=self.place / "home", grace=_GRACE, patience=_PATIENCE)
        folder = RunFolder(settings.home, new_run_id("rehearsal"))
        folder.path.mkdir(parents=True)
        blocks = {_BLOCK: f"sk-rehearsal-{secrets.token_hex(16)}"}
        plan = compile_plan(blueprint, self._folder)
        return Mission(folder, plan, Ledger(folder.ledger), self._repository, 1, settings, blocks)


def _new_repository(root: Path) -> git.Repository:
    root.mkdir(parents=True)
    command(root, "init", "-q", "-b", "main")
    (root / "README.md").write_text("A repository for rehearsals.\n", encoding="utf-8")
    command(root, "add", "-A")
    identity = [f"user.{name}={IDENTITY[f'GIT_AUTHOR_{name.upper()}']}" for name in ("name", "email")]
    command(root, *(word for setting in identity for word in ("-c", setting)), "commit", "-q", "-m", "Start")
    return git.repository(root, "main")


def _scripts(scene: Scene) -> list[Script]:
    """Some programs ask for more than the work, such as a title: they are answered, too."""
    work = {"name": FEATURE, "when": When(user=f"feature `{FEATURE}`"), "steps": scene.steps}
    return [Script.model_validate(work), Script.model_validate({"name": "other", "steps": ["A rehearsal"]})]


def _rehearsed(profile: ModelAgent, url: str, changes: Mapping[str, Any]) -> Agent:
    """The profile with the scripted model's address, a key that opens nothing, and nothing of the user's own."""
    unlimited: Data = {"max_usd": None, "max_tokens": None, "fallback": [], "env": []}
    place = {"base_url": _address(profile, url), "credential": SecretBlock(block=_BLOCK), "home": None}
    named: str | None = getattr(profile, "model", None)
    model = named or (f"{FEATURE}/{MODEL}" if isinstance(profile, OpencodeAgent) else MODEL)
    known = {name: value for name, value in place.items() if name in type(profile).model_fields}
    copy: Any = profile.model_copy(update={**unlimited, **known, "model": model, **changes})
    return copy  # type: ignore[no-any-return]


def _address(profile: ModelAgent, url: str) -> str:
    """Where the profile's protocol is spoken."""
    bare = isinstance(profile, AnthropicAgent | ClaudeCodeAgent | GeminiAgent)
    return url if bare or getattr(profile, "api", "") == "messages" else f"{url}/v1"


def _assignment(mission: Mission, scene: Scene) -> Assignment:
    feature = mission.plan.feature(FEATURE)
    return Assignment.of(
        mission,
        Role.WORKER,
        "rehearsal",
        mission.repository.base,
        feature.title,
        feature=FEATURE,
        spec=feature.spec,
        attempt=2 if scene.failures else 1,
        failures=list(scene.failures),
    )


@contextmanager
def _stopped_at(file: Path | None, stop: threading.Event) -> Generator[Callable[[], float]]:
    """Sets `stop` when the file is there; tells the seconds since then."""
    over, stopped = threading.Event(), [time.monotonic()]

    def watch() -> None:
        while file and not over.wait(_LOOK):
            if file.exists():
                stopped[0] = time.monotonic()
                stop.set()
                return

    watcher = threading.Thread(target=watch, name="rehearsal-stop")
    watcher.start()
    try:
        yield lambda: time.monotonic() - stopped[0]
    finally:
        over.set()
        watcher.join()
