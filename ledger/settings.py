"""The machine's settings, read once from `MISSION_*` variables and passed down."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MISSION_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Path("~/.missions")
    """Where runs, worktrees and the embedded Prefect server live. `MISSION_HOME`."""
    grace: float = 5.0
    """Seconds a stopped agent has between SIGTERM and SIGKILL. `MISSION_GRACE`."""

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()
