"""A run that goes from job to job: where it may come from, and where its state goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.obstacles import obstacles
from blueprints.errors import MissionError
from blueprints.load import Loaded
from blueprints.schema import Mode
from ledger.folder import RunFolder
from ledger.settings import Settings
from workspaces.acceptance import declared_repository, require_none
from workspaces.arrival import Arrived, arrive
from workspaces.delivery import Bundled, Delivery, Pushed
from workspaces.git import Repository


@dataclass(frozen=True)
class Travel:
    source: Repository
    remote: str | None
    """Where unfinished runs are looked for, and where the state goes unless it goes to a bundle."""
    bundle: Path | None
    blueprint: str
    """Path of the blueprint in the repository, if it is there."""

    def arrived(self, loaded: Loaded) -> Arrived | None:
        """The unfinished run that lies on the remote, taken up here."""
        if self.remote is None:
            return None
        require_none(obstacles(loaded.plan, self.source, None))
        return arrive(loaded.plan, self.source, self.remote, Settings())

    def delivery(self, folder: RunFolder, arrived: Arrived | None) -> Delivery | None:
        known = arrived.known if arrived else None
        if self.bundle:
            return Bundled(self.source.root, folder, self.bundle.absolute(), self.blueprint, known)
        return Pushed(self.source.root, folder, self.remote, self.blueprint, known) if self.remote else None


def travel_of(loaded: Loaded, repo: Path | None, remote: str | None, bundle: Path | None) -> Travel | None:
    """How a run of this blueprint travels, if it does. Raises MissionError when it cannot."""
    if not (remote or bundle):
        return None
    if loaded.blueprint.repository.url and not repo:
        raise MissionError("--state-remote and --bundle need a checkout: name it with --repo, not repository.url")
    if loaded.blueprint.mode is Mode.POC:
        raise MissionError("--state-remote and --bundle leave the base branch alone, and `mode: poc` moves it")
    source = declared_repository(loaded, Settings(), repo)
    path, root = Path(loaded.name).absolute().resolve(), source.root.resolve()
    return Travel(source, remote, bundle, path.relative_to(root).as_posix() if path.is_relative_to(root) else "")
