"""The run folder: one per run, everything the mission remembers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from blueprints.contract import contract_page
from blueprints.errors import MissionError
from blueprints.plan import Plan
from ledger.files import flush_folder, make_folder, write_file
from ledger.lease import Lease, is_owned, owned

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]*-[0-9]{8}-[0-9a-f]{6}")


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run under the mission home. Nothing here is created before it is written."""

    home: Path
    run: str

    def __post_init__(self) -> None:
        """A name may come from outside, and what is in the folder of a run may be replaced."""
        if not _RUN_ID.fullmatch(self.run):
            raise MissionError(f"'{self.run}' is not the name of a run; write it like todo-20250131-0a1b2c")

    @property
    def mission(self) -> str:
        """The mission's name: the run's without its date and number."""
        return self.run.rsplit("-", 2)[0]

    @property
    def path(self) -> Path:
        return self.home / "runs" / self.run

    @property
    def blueprint(self) -> Path:
        return self.path / "blueprint.yaml"

    @property
    def plan_file(self) -> Path:
        return self.path / "plan.json"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.jsonl"

    @property
    def requests(self) -> Path:
        """What other terminals ask of the running owner; see `ledger/requests.py`."""
        return self.path / "requests"

    @property
    def worktrees(self) -> Path:
        return self.home / "worktrees" / self.run

    def handoff(self, session: str) -> Path:
        return self.path / "handoffs" / f"{session}.json"

    def transcript(self, session: str) -> Path:
        """What an agent said and did; see `ledger/conversation.py`."""
        return self.path / "transcripts" / f"{session}.jsonl"

    def prompt(self, session: str) -> Path:
        return self.path / "transcripts" / f"{session}.prompt.md"

    def evidence(self, milestone: str, check: str) -> Path:
        return self.path / "evidence" / milestone / check

    def report(self, suffix: str) -> Path:
        return self.path / f"report.{suffix}"

    @property
    def was_accepted(self) -> bool:
        """Whether the run has begun: its ledger has a whole line."""
        try:
            with self.ledger.open("rb") as stream:
                return stream.readline().endswith(b"\n")
        except FileNotFoundError:
            return False

    def plan(self) -> Plan:
        """What was accepted. Raises MissionError when that cannot be read."""
        try:
            return Plan.model_validate_json(self.plan_file.read_bytes())
        except (OSError, ValidationError):
            raise MissionError(f"{self.plan_file}: not a plan of this version of Missions; start a new run") from None

    def alive(self) -> bool:
        """Whether a process owns the run now, here or on another machine."""
        return is_owned(self.path)

    @contextmanager
    def own(self) -> Generator[Lease]:
        """Be the run's one owner; the kernel ends this when the process dies. Raises when somebody else is."""
        with owned(self.path) as lease:
            yield lease


def new_run_id(mission: str) -> str:
    return f"{mission}-{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}"


def create(folder: RunFolder, blueprint: str, plan: Plan) -> None:
    """Write down what was accepted."""
    make_folder(folder.path.parent)
    folder.path.mkdir()
    flush_folder(folder.path.parent)
    write_file(folder.blueprint, blueprint)
    write_file(folder.plan_file, plan.model_dump_json())
    write_file(folder.path / "contract.md", contract_page(plan.blueprint))


def all_runs(home: Path) -> list[RunFolder]:
    """Every run under `home` that was accepted, oldest first."""
    names = [path.name for path in (home / "runs").glob("*") if _RUN_ID.fullmatch(path.name)]
    runs = [folder for name in names if (folder := RunFolder(home, name)).was_accepted]
    return sorted(runs, key=lambda folder: folder.blueprint.stat().st_mtime_ns if folder.blueprint.exists() else 0)


def find(home: Path, name: str | None) -> RunFolder:
    """The run called `name`, or the only one starting with it; the latest when None."""
    runs = all_runs(home)
    if not runs:
        raise MissionError(f"there is no run in {home} yet; start one with `mission run BLUEPRINT`")
    if name is None:
        return runs[-1]
    matches = [r for r in runs if r.run == name] or [r for r in runs if r.run.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise MissionError(f"'{name}' could be {', '.join(r.run for r in matches)}; give more of it")
    raise MissionError(f"no run is called '{name}'; `mission list` shows them all")
