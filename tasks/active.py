"""The missions that this process works on: how a task finds its own by the run's name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from workspaces.mission import Mission

_ACTIVE: dict[str, Mission] = {}


@contextmanager
def active(mission: Mission) -> Generator[None]:
    """Make the mission known while its flow runs: it holds locks and files, so it travels by name."""
    _ACTIVE[mission.run] = mission
    try:
        yield
    finally:
        del _ACTIVE[mission.run]


def mission_of(run: str) -> Mission:
    return _ACTIVE[run]
