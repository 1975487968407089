"""What agents pay with: found by name, handed to that agent alone, and written down nowhere."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from agents.base import Credential
from blueprints.agents import Agent, CliAgent, ModelAgent, OpencodeAgent, SecretBlock
from ledger.settings import Settings
from workspaces.environment import secret_values

NO_KEY = "none"
"""What is sent to a server of the user's own that asks for none."""
_OF_KIND = {
    "command": [],
    "scripted": [],
    "anthropic": ["ANTHROPIC_API_KEY"],
    "openai": ["OPENAI_API_KEY"],
    "claude-code": ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"],
    "codex": ["OPENAI_API_KEY", "CODEX_API_KEY"],
    "gemini": ["GEMINI_API_KEY"],
    "droid": ["FACTORY_API_KEY"],
}
_OF_PROVIDER = {"anthropic": ["ANTHROPIC_API_KEY"], "openai": ["OPENAI_API_KEY"], "google": ["GEMINI_API_KEY"]}


def credential_of(profile: Agent, blocks: Mapping[str, str]) -> Credential | None:
    """The profile's credential; None when its kind has none, or nothing is there. `blocks`: Secret block to value."""
    if not isinstance(profile, ModelAgent):
        return None
    if isinstance(profile, CliAgent) and profile.home and profile.credential is None:
        return None  # it is logged in there
    if isinstance(profile.credential, SecretBlock):
        name, value = f"block {profile.credential.block}", blocks.get(profile.credential.block)
    else:
        name, value = next(((n, v) for n in variables(profile) if (v := os.environ.get(n))), ("", None))
    return Credential(name, value) if value else None


def variables(profile: Agent) -> list[str]:
    """Names of the environment variables in which the credential may be, the first that is set counts."""
    if isinstance(profile, ModelAgent) and isinstance(profile.credential, str):
        return [profile.credential]
    if isinstance(profile, OpencodeAgent):
        return _OF_PROVIDER.get((profile.model or "").partition("/")[0], [])
    return _OF_KIND[profile.kind]


def lacking(profile: Agent, blocks: Mapping[str, str] | None) -> str | None:
    """One sentence about a credential that is needed and not there. `blocks` None: nobody knows of those here."""
    if not isinstance(profile, ModelAgent) or profile.base_url or credential_of(profile, blocks or {}):
        return None
    if isinstance(profile.credential, SecretBlock):
        if blocks is None:
            return None
        return f"there is no Secret block '{profile.credential.block}' in Prefect; make one, or name another"
    names = variables(profile)
    if not names or (isinstance(profile, CliAgent) and profile.home):
        return None
    return f"{' or '.join(names)} is not set; export it, or name where the key is as `credential:`"


def secrets_of(names: Iterable[str], credential: Credential | None) -> dict[str, str]:
    """What an agent is given that no record may show: the variables it declares by `names`, and its credential."""
    own = {credential.name: credential.value} if credential else {}
    return {**secret_values(names), **own}


def rate_limit_file(profile: Agent, settings: Settings, blocks: Mapping[str, str]) -> Path:
    """Where all that share a credential, or without one a login, note its limits; the name tells nothing of it."""
    place = profile.base_url if isinstance(profile, ModelAgent) else None
    login = profile.home if isinstance(profile, CliAgent) else None
    credential = credential_of(profile, blocks)
    payer = credential.value if credential else login or json.dumps(profile.shape(), sort_keys=True)
    told = f"{payer}\0{place or ''}".encode()
    return settings.home / "credentials" / f"{hashlib.sha256(told).hexdigest()[:16]}.json"
