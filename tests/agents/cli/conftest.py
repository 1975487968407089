"""Programs that speak like the coding agents, and a desk at which they work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from agents import agent_for
from agents.base import AgentRun, Credential, Desk
from blueprints.agents import Agent
from ledger.conversation import read_entries
from tests.agents.cli.fakes.dialects import DIALECTS
from tests.agents.desks import desk_in
from tests.agents.test_prompt import assignment

ROOT = Path(__file__).parents[3]
KEY = "sk-a-very-secret-key"
PROFILES: TypeAdapter[Agent] = TypeAdapter(Agent)


@pytest.fixture(scope="session")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Kind to the program that plays it."""
    folder = tmp_path_factory.mktemp("fakes")
    return {kind: _fake(folder / kind, kind) for kind in DIALECTS}


def _fake(path: Path, kind: str) -> Path:
    lines = [
        f"#!{sys.executable} -SE",
        f"import sys; sys.path.insert(0, {str(ROOT)!r})",
        f"from tests.agents.cli.fakes.play import main; sys.exit(main({kind!r}))",
    ]
    path.write_text("\n".join(lines))
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class Studio:
    """Where the fakes play."""

    desk: Desk
    fakes: dict[str, Path]

    def run(self, kind: str, scene: str, **profile: Any) -> AgentRun:
        """What comes of the scene when an agent of that kind plays it."""
        self.desk.prompt.write_text(scene)
        agent = PROFILES.validate_python({"kind": kind, "program": str(self.fakes[kind]), **profile})
        return agent_for(agent, self.desk.workspace.parent).run(assignment(), self.desk)

    def said(self, kind: str) -> list[dict[str, Any]]:
        """The lines of that type in the transcript."""
        return [line for line in read_entries(self.desk.transcript) if line["type"] == kind]

    def at(self, **changes: Any) -> Studio:
        """The same with another desk."""
        return replace(self, desk=replace(self.desk, **changes))


@pytest.fixture
def studio(tmp_path: Path, fakes: dict[str, Path]) -> Studio:
    desk = desk_in(tmp_path, grace=0.05)
    return Studio(replace(desk, credential=Credential("SOME_API_KEY", KEY)), fakes)


Play = Callable[..., AgentRun]
