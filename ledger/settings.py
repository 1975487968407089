"""The machine's settings, read once from `MISSION_*` variables and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from blueprints.errors import MissionError


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MISSION_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Path("~/.missions")
    """Where runs, worktrees and the embedded Prefect server live. `MISSION_HOME`."""
    grace: float = 5.0
    """Seconds a stopped agent has between SIGTERM and SIGKILL. `MISSION_GRACE`."""

    patience: float = 30.0
    """Longest wait for a provider, in seconds, for which an agent keeps its place. `MISSION_PATIENCE`."""

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @model_validator(mode="wrap")
    @classmethod
    def _said_in_a_sentence(cls, data: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(["MISSION", *map(str, first["loc"])]).upper()
            raise MissionError(f"{name}: '{first['input']}': {first['msg'].lower()}") from None
