"""Which Prefect server the user configured."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from pathlib import Path
from typing import Any

from blueprints.errors import MissionError


def configured_api() -> str | None:
    """The API address the user configured: `PREFECT_API_URL`, else the active Prefect profile."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))).expanduser()
    own = _profiles(path)
    active = os.environ.get("PREFECT_PROFILE") or own.get("active", "")
    profiles: dict[str, Any] = _profiles(_prefect_s_own()).get("profiles", {}) | own.get("profiles", {})
    profile_url: str | None = profiles.get(active, {}).get("PREFECT_API_URL")
    return profile_url


def _profiles(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise MissionError(f"{path}: not Prefect's profiles ({error}); mend it, or set PREFECT_API_URL") from None


def _prefect_s_own() -> Path:
    """The profiles that come with Prefect, such as `local`: choosing one writes down no more than its name."""
    prefect = importlib.util.find_spec("prefect")
    assert prefect
    assert prefect.origin
    return Path(prefect.origin).parent / "settings" / "profiles.toml"
