"""Starts the loop of an API agent as a process of its own, for the kinds that run on it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agents.api.spec import Limits, Spec
from agents.base import AgentRun, Assignment, Desk
from agents.credentials import NO_KEY
from agents.hearing import Language, common
from agents.limits import PATIENCE_AT_WORK
from agents.program import Program, agent_variables, run_program
from blueprints.agents import ApiAgent
from workspaces.process import environment

_LOOP = Path(__file__).with_name("__main__.py")


@dataclass(frozen=True)
class Provider:
    name: str
    """As the price list has it."""
    api: Literal["messages", "responses", "chat"]
    address: str


def run_loop(profile: ApiAgent, provider: Provider, assignment: Assignment, desk: Desk) -> AgentRun:
    """Work on the assignment through the provider's API. The key travels on stdin, where no tool can see it."""
    program = Program(
        [sys.executable, "-I", str(_LOOP)],
        env=profile.env,
        stdin=_spec(profile, provider, assignment, desk).model_dump_json().encode(),
        idle=profile.idle_timeout,
        language=Language(common),
    )
    return run_program(program, assignment, desk)


def _spec(profile: ApiAgent, provider: Provider, assignment: Assignment, desk: Desk) -> Spec:
    return Spec(
        provider=provider.name,
        api=provider.api,
        model=profile.model,
        base_url=profile.base_url or provider.address,
        key=desk.credential.value if desk.credential else NO_KEY,
        effort=profile.effort,
        role=assignment.role,
        prompt=desk.prompt.read_text(encoding="utf-8"),
        workspace=desk.workspace,
        outputs=desk.home / "outputs",
        handoff=desk.handoff,
        environment=environment(*profile.env, **agent_variables(assignment, desk)),
        limits=Limits(turns=profile.max_turns, tokens=profile.max_tokens, usd=profile.max_usd),
        window=profile.window,
        output_tokens=profile.max_output_tokens,
        prices=profile.price_list,
        rate_limit=desk.rate_limit or desk.home / "rate-limit.json",
        patience=desk.patience,
        patience_at_work=PATIENCE_AT_WORK,
        session=f"{assignment.run}.{assignment.session_name}",
    )
