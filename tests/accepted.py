"""A mission accepted and taken up in this process, for tests of what lies below the flows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blueprints.load import load
from ledger.events import Ledger
from ledger.folder import RunFolder
from ledger.settings import Settings
from tests.conftest import Data, Missions
from workspaces.acceptance import accept
from workspaces.git import repository
from workspaces.mission import Mission

__all__ = ["NewMission", "new_mission", "one_milestone", "opened"]

NewMission = Callable[..., Mission]


@pytest.fixture
def new_mission(missions: Missions) -> NewMission:
    """`new_mission(blueprint, script)`: what the blueprint leaves out is filled in, as by `missions`."""

    def make(blueprint: Data | None = None, script: Data | None = None) -> Mission:
        loaded = load(missions.blueprint(blueprint or one_milestone(), script))
        settings = Settings(home=missions.home, grace=1)
        return opened(accept(loaded, settings, path=missions.repo), settings)

    return make


def opened(folder: RunFolder, settings: Settings) -> Mission:
    """The mission as its next life finds it."""
    plan, ledger = folder.plan(), Ledger(folder.ledger)
    where = ledger.events[0].data
    found = repository(settings.home.parent / where["repository"], where["baseBranch"])
    return Mission(folder, plan, ledger, found, plan.blueprint.max_concurrency, settings)


def one_milestone(**feature: object) -> Data:
    """Milestone `one` with feature `a`, as a blueprint's beginning."""
    return {"milestones": [{"name": "one", "features": [{"id": "a", "spec": "Write a."} | feature]}]}
