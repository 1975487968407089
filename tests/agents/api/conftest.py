from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from agents.api.caller import Clock
from agents.api.loop import converse
from agents.api.spec import Limits, Spec
from agents.rehearsal.script import Script
from agents.rehearsal.server import ModelServer
from blueprints.schema import Role
from workspaces.process import environment

Api = Literal["messages", "responses", "chat"]
Data = dict[str, Any]
HANDOFF: Data = {"submit": {"salientSummary": "It is done."}}
PRICES = {"input": 10.0, "cacheRead": 1.0, "cacheWrite": 12.5, "output": 50.0}


@dataclass
class Time:
    """A clock that only goes on when somebody sleeps."""

    at: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list[float])

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        if seconds:
            self.slept.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.at, sleep=self.sleep, chance=lambda: 0.5)


@dataclass
class Talk:
    """Has conversations with a scripted model, over the real SDKs."""

    folder: Path
    workspace: Path
    servers: ExitStack
    time: Time = field(default_factory=Time)
    server: ModelServer | None = None
    lines: list[Data] = field(default_factory=list[Data])

    def serve(self, *scripts: Data | Sequence[Data | str]) -> ModelServer:
        """A server that plays these scripts; a script may be given as its steps alone."""
        whole = [script if isinstance(script, dict) else {"steps": script} for script in scripts]
        server = self.servers.enter_context(ModelServer([Script.model_validate(script) for script in whole]))
        self.server = server
        return server

    def spec(self, api: Api = "messages", **more: Any) -> Spec:
        assert self.server
        more["limits"] = Limits(**{"turns": 60, **more.get("limits", {})})
        given: Data = {
            "provider": "anthropic" if api == "messages" else "openai",
            "api": api,
            "model": "scripted-1",
            "base_url": self.server.url + ("" if api == "messages" else "/v1"),
            "key": "sk-very-secret",
            "role": Role.WORKER,
            "prompt": "Write the file.",
            "workspace": self.workspace,
            "outputs": self.folder / "outputs",
            "handoff": self.folder / "handoff.json",
            "environment": environment(),
            "rate_limit": self.folder / "limit.json",
        }
        return Spec(**given | more)

    def have(self, steps: Sequence[Data | str], api: Api = "messages", **more: Any) -> Data:
        """A conversation on these steps; the `end` line."""
        self.serve(steps)
        return self.go_on(self.spec(api, **more))

    def go_on(self, spec: Spec) -> Data:
        """A conversation with the present server; the `end` line."""
        said: list[bytes] = []
        converse(spec, said.append, self.time.clock)
        self.lines = [json.loads(line) for line in said]
        assert [line["type"] for line in self.lines].count("end") == 1
        return self.lines[-1]

    def of(self, kind: str) -> list[Data]:
        return [line for line in self.lines if line["type"] == kind]

    @property
    def asked(self) -> int:
        """Requests that reached the server."""
        assert self.server
        return len(self.server.calls)


@pytest.fixture
def talk(tmp_path: Path, repo: Path) -> Iterator[Talk]:
    with ExitStack() as servers:
        yield Talk(tmp_path / "talk", repo, servers)


@pytest.fixture
def quick_talk(tmp_path: Path) -> Iterator[Talk]:
    """In a folder that is no repository."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with ExitStack() as servers:
        yield Talk(tmp_path / "talk", workspace, servers)


Owner = Callable[..., str]
