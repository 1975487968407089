"""What one conversation is given; JSON on the stdin of `agents/api/__main__.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from blueprints.schema import Role


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Limits(_Given):
    """None is no limit."""

    turns: int | None = Field(default=None, ge=0)
    """Calls of the model, those that summarise included."""
    tokens: int | None = Field(default=None, ge=0)
    """Of all kinds together, cached ones included."""
    usd: float | None = Field(default=None, ge=0)


class Spec(_Given):
    provider: str
    """As the price list names it: anthropic, openai."""
    api: Literal["messages", "responses", "chat"]
    model: str
    base_url: str
    key: str = Field(repr=False)
    """Never in the environment, so that no tool's shell shows it."""
    effort: str | None = None
    role: Role
    prompt: str
    """The whole assignment: the first message."""
    workspace: Path
    outputs: Path
    """Folder for the outputs of commands that are too long to be shown whole."""
    handoff: Path
    environment: dict[str, str]
    """All that the tools' shells see."""
    limits: Limits = Limits()
    window: int | None = Field(default=None, gt=0)
    """Tokens that the model can hold; None is what the price list says."""
    prices: dict[str, float] | None = None
    """Dollars per million tokens: input, cacheRead, cacheWrite, output. None is what the price list says."""
    rate_limit: Path
    """What all that share the credential know of its limits."""
    patience: float = 120
    """Longest wait in seconds for the provider before it is reported as a fault."""
    patience_at_work: float = 0
    """The same once there is a conversation to lose, if longer."""
    shell_timeout: float = 600
    """Longest time in seconds that a command may ask for."""
    session: str = ""
    """Name of this piece of work; a part of the key under which the provider caches."""
    attempts: int = Field(default=8, ge=1)
    """How often one call is tried while its faults are passing ones."""
    silence: float = 300
    """Seconds without a byte after which a call counts as broken."""
    output_tokens: int | None = Field(default=None, gt=0)
    """Longest answer; None is what suits the model."""
