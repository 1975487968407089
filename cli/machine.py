"""What this machine has of what missions need, found out without starting anything."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from agents.cli.programs import missing, version
from agents.credentials import credential_of, variables
from agents.obstacles import obstacles
from agents.rehearsal.kit import KINDS, profile_of
from blueprints.agents import Agent, ApiAgent
from blueprints.errors import MissionError
from blueprints.plan import Plan
from cli.profiles import configured_api
from ledger.settings import Settings
from validators import chromium
from workspaces import containment
from workspaces.git_command import answer
from workspaces.repository import check_git_version

_LEAST_SPACE = 1_000_000_000
"""Bytes that the mission home should have left: each feature at work has a checkout there."""

_PATIENCE = 5.0
"""Seconds in which a configured server must answer."""


@dataclass(frozen=True)
class Finding:
    """One thing, and whether it is there."""

    subject: str
    ok: bool
    said: str
    """What was found; or what is missing, and what to do."""
    needed: bool = True
    """Whether no mission, or not the one that was asked about, can do without it."""


def findings(settings: Settings, plan: Plan | None) -> Iterator[Finding]:
    """Everything, in the order in which it is needed; with a plan also what its agents lack."""
    yield Finding("Python", True, platform.python_version())
    yield _git()
    yield _namespaces()
    yield _home(settings.home)
    yield _prefect(settings.home)
    yield _chromium(plan)
    with ThreadPoolExecutor() as pool:  # some programs take seconds to tell their version
        yield from pool.map(_kind, KINDS)
    if plan:
        yield from (Finding("blueprint", False, sentence) for sentence in obstacles(plan, None, None))


def _git() -> Finding:
    try:
        check_git_version()
    except MissionError as error:
        return Finding("git", False, str(error))
    return Finding("git", True, answer(Path("/"), "--version").removeprefix("git version "))


def _namespaces() -> Finding:
    if containment.namespace():
        return Finding("PID namespaces", True, "nothing that an agent starts can outlive it")
    said = (
        "processes of agents are told by a mark in their environment, which they can shed; install util-linux, "
        "or allow user namespaces"
    )
    return Finding("PID namespaces", False, said, needed=False)


def _home(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Finding("mission home", False, f"{home} cannot be written to; set MISSION_HOME to another folder")
    free = shutil.disk_usage(there).free
    said = f"{home}, {free / 1e9:.1f} GB free"
    if free < _LEAST_SPACE:
        return Finding("mission home", False, f"{said}; make room, or set MISSION_HOME to another folder")
    return Finding("mission home", True, said)


def _prefect(home: Path) -> Finding:
    """Whether the server that a mission would use answers; the embedded one is started by the first mission."""
    from cli import embedded

    release = metadata.version("prefect")
    try:
        api = configured_api()
        if api is None:
            server = embedded.running(home)
            place = f"the embedded server at {server.url}" if server else "the embedded server starts with a mission"
            return Finding("Prefect", True, f"{release}, {place}")
        if _answers(api):
            return Finding("Prefect", True, f"{release}, the server at {api}")
    except MissionError as error:
        return Finding("Prefect", False, str(error))
    return Finding("Prefect", False, f"no server answers at {api}; start it, or unset PREFECT_API_URL")


def _answers(api: str) -> bool:
    """A server that wants to know first who asks is there, too."""
    import httpx

    try:
        return not httpx.get(f"{api}/health", timeout=_PATIENCE).is_server_error
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _chromium(plan: Plan | None) -> Finding:
    checks = [planned.check for milestone in plan.milestones for planned in milestone.checks] if plan else []
    needed = any(check.kind == "browser" for check in checks)
    found = chromium.find()
    said = str(found) if found else f"{chromium.MISSING}; only checks of kind browser need it"
    return Finding("Chromium", found is not None, said, needed)


def _kind(kind: str) -> Finding:
    """No mission needs every kind: what one lacks is said, and is no failure."""
    profile = profile_of(kind)
    if absent := missing(profile, Path.cwd()):
        return Finding(kind, False, absent, needed=False)
    release = metadata.version(kind) if isinstance(profile, ApiAgent) else version(profile, Path.cwd())
    ready, paid = _payment(profile)
    return Finding(kind, ready, f"{release or 'of an unknown version'}, {paid}", needed=False)


def _payment(profile: Agent) -> tuple[bool, str]:
    names = variables(profile)
    if not names:
        return True, "its credential depends on the model"
    if credential := credential_of(profile, {}):
        return True, f"{credential.name} is set"
    other = "name a server of your own as `baseUrl:`" if isinstance(profile, ApiAgent) else "name its login as `home:`"
    return False, f"{' or '.join(names)} is not set; export it, or {other}"
