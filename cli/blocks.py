"""Prefect's Secret blocks, for commands whose agents may need one; Prefect is not started for those who need none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from blueprints.agents import Agent, ModelAgent, SecretBlock
from blueprints.schema import Blueprint


def blocks_for(agents: Iterable[Agent], blueprint: Blueprint, home: Path) -> Mapping[str, str]:
    """Name to value of the blocks that the blueprint names; none when none of these agents has its key in one."""
    if not any(isinstance(agent, ModelAgent) and isinstance(agent.credential, SecretBlock) for agent in agents):
        return {}
    from cli.embedded import use_server

    use_server(home)
    from flows.blocks import secret_blocks

    return asyncio.run(secret_blocks(blueprint))
