"""A result judged once more, by somebody who has the commits and a blueprint of his own, and believes no ledger."""

from __future__ import annotations

from pathlib import Path

from blueprints.load import Loaded
from ledger.folder import RunFolder, new_run_id
from ledger.settings import Settings
from validators.base import Verdict
from validators.suite import Suite
from workspaces.acceptance import begin
from workspaces.mission import Mission
from workspaces.repository import recorded_repository


def verify(loaded: Loaded, repo: Path, base: str, commit: str, settings: Settings) -> list[Verdict]:
    """A verdict for each check that a program answers, in a clean checkout of the commit, with the base's test files.

    The evidence stays in a home of its own within the home, where no list of runs shows it.
    """
    plan, settings = loaded.plan, settings.model_copy(update={"home": settings.home / "verified"})
    folder = RunFolder(settings.home, new_run_id(plan.blueprint.mission))
    source = recorded_repository(repo, plan.blueprint.repository.base_branch, base)
    ledger = begin(folder, loaded, source, title=f"Verify {commit}")
    mission = Mission(folder, plan, ledger, source, plan.blueprint.max_concurrency, settings)
    last = plan.milestones[-1]
    judged = last.model_copy(update={"checks": [check for check in last.checks if check.automatic]})
    return Suite(mission, judged, base, commit, 1, {}).run()
