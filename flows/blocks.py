"""Prefect Secret blocks: the values of those that a blueprint names."""

from __future__ import annotations

from typing import Any, cast

from prefect.blocks.system import Secret

from blueprints.agents import ModelAgent, SecretBlock
from blueprints.schema import Blueprint


async def secret_blocks(blueprint: Blueprint) -> dict[str, str]:
    """Name to value; one that does not exist is left out."""
    profiles = [profile for profile in blueprint.agents.values() if isinstance(profile, ModelAgent)]
    names = {p.credential.block for p in profiles if isinstance(p.credential, SecretBlock)}
    loaded = {name: await _value(name) for name in sorted(names)}
    return {name: value for name, value in loaded.items() if value}


async def _value(name: str) -> str | None:
    try:
        block = cast(Any, await Secret.aload(name))  # pyright: ignore[reportUnknownMemberType]
    except ValueError:  # Prefect's word for a block that is not there
        return None
    return str(block.get())
